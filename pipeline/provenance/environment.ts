import {existsSync, readdirSync, readFileSync} from 'node:fs';
import {arch, cpus, platform, release, totalmem} from 'node:os';
import {dirname, join} from 'node:path';
import type {JsonObject} from '../model/json.js';

/** What the run ran on. Read from files alone: no Python is started for it. */
export function readEnvironment(facts: {
  version: string;
  node: string;
  python: {executable: string; origin: string} | null;
}): JsonObject {
  return {
    schema: 'pipeline/environment/v1',
    pipeline: facts.version,
    node: facts.node,
    platform: platform(),
    architecture: arch(),
    kernel: release(),
    distribution: distribution(),
    processor: cpus()[0]?.model.trim() ?? null,
    cores: cpus().length,
    memory_bytes: totalmem(),
    python:
      facts.python === null ? null : {...facts.python, packages: pythonPackages(facts.python.executable)},
  };
}

function distribution(): string | null {
  if (!existsSync('/etc/os-release')) return null;
  const name = /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(readFileSync('/etc/os-release', 'utf8'));
  return name?.[1] ?? null;
}

/** Installed distributions by name, read from the names of their `.dist-info` folders; null when they are elsewhere. */
function pythonPackages(executable: string): JsonObject | null {
  const library = join(dirname(dirname(executable)), 'lib');
  if (!existsSync(library)) return null;
  const versions = new Map<string, string>();
  for (const python of readdirSync(library).filter((name) => /^python3\.\d+$/.test(name))) {
    const site = join(library, python, 'site-packages');
    if (!existsSync(site)) continue;
    for (const name of readdirSync(site)) {
      const match = /^(.+)-([^-]+)\.dist-info$/.exec(name);
      if (match) versions.set(match[1]!.toLowerCase().replaceAll('_', '-'), match[2]!);
    }
  }
  if (versions.size === 0) return null;
  return Object.fromEntries([...versions].sort(([a], [b]) => (a < b ? -1 : 1)));
}
