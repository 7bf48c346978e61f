import type {RunName} from '../model/stage.js';

/**
 * A name for a run that is easy to say and to remember, such as `calm-carina`: there are 4,096.
 * @param random - From 0 up to 1, like Math.random.
 * @param tries - How many names were taken already: after a few a number is put behind the words.
 */
export function suggestRunName(random: () => number, tries: number): RunName {
  const words = `${pick(ADJECTIVES, random)}-${pick(NOUNS, random)}`;
  return (tries < 8 ? words : `${words}-${Math.floor(random() * 10_000)}`) as RunName;
}

/** What a run may be called: a plain file name that no shell and no other way to name a run (`@last`) can mistake. */
export const RUN_NAME_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

function pick(words: string, random: () => number): string {
  const list = words.split(' ');
  return list[Math.floor(random() * list.length)]!;
}

const ADJECTIVES =
  'agile amber ample balmy bold brave breezy bright brisk calm candid clear clever cosy crisp dapper ' +
  'deft eager early easy fair fluent fond fresh frosty gentle glad golden good grand hardy hearty ' +
  'honest jolly keen kind lively loyal lucid lucky mellow merry mild misty modest neat nimble noble ' +
  'patient placid plucky polite proud quick quiet ready robust serene silver sincere smooth snug steady ' +
  'sunny';

const NOUNS =
  'acorn alcove alder aorta apex arbor aster atlas axis badger beam birch bronchus brook carina cedar ' +
  'clavicle clover coral cove crane cumulus dune falcon fern film finch fjord glade hazel heron hilum ' +
  'iris isle lagoon lark lens lilac lobe lumen maple meadow moss oak orchid otter pearl phantom photon ' +
  'pine pleura plover prism rib river scapula shore sparrow sternum thistle thorax trachea vista willow';
