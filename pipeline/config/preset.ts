import {isJsonObject, type Json} from '../model/json.js';
import {entryAt, type Located, type LocatedEntry, type LocatedMap, locationOf, merge} from './located.js';
import type {StageKinds} from './schema.js';

/**
 * A stage with the values of its `preset` filled in where none are written. They stand where the preset is named: faults
 * and origins point there.
 */
export function withPreset(stage: Located, kinds: StageKinds): Located {
  const uses = entryAt(stage, ['uses'])?.value;
  const params = entryAt(stage, ['params']);
  const named = entryAt(stage, ['params', 'preset'])?.value;
  if (stage.kind !== 'map' || params?.value.kind !== 'map') return stage;
  if (uses?.kind !== 'scalar' || named?.kind !== 'scalar') return stage;
  const values = kinds.get(String(uses.value))?.presets?.get(String(named.value));
  // A name that is none is told by the kind's schema.
  if (values === undefined) return stage;
  const below = located(values, named);
  if (below.kind !== 'map') throw new Error('Internal error: a preset is no object');
  const value = merge(fitting(below, params.value), params.value);
  return {...stage, entries: new Map(stage.entries).set('params', {...params, value})};
}

/** Where another loss, optimizer or schedule is named than the preset's, nothing of the preset's belongs to it. */
function fitting(preset: LocatedMap, written: LocatedMap): LocatedMap {
  const nameOf = (map: LocatedMap, key: string) => {
    const name = entryAt(map, [key, 'name'])?.value;
    return name?.kind === 'scalar' ? name.value : null;
  };
  const kept = [...preset.entries].filter(([key]) => {
    const other = nameOf(written, key);
    return other === null || other === nameOf(preset, key);
  });
  return {...preset, entries: new Map(kept)};
}

/** A value as if it were written where `at` is. */
function located(value: Json, at: Located): Located {
  const {origin, folder} = at;
  if (isJsonObject(value)) {
    const entries = Object.entries(value).map(([key, field]): [string, LocatedEntry] => [
      key,
      {key: locationOf(at), value: located(field, at)},
    ]);
    return {kind: 'map', entries: new Map(entries), origin, folder};
  }
  if (value !== null && typeof value === 'object')
    return {kind: 'list', items: value.map((item: Json) => located(item, at)), origin, folder};
  return {kind: 'scalar', value, text: String(value), plain: true, origin, folder};
}
