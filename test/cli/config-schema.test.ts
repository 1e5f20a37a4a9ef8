import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { configJsonSchema, configSchema, configSchemaText } from '../../src/cli/config-schema.ts';
import { SERVICE_NAMES, SERVICES_BY_ROLE } from '../../src/cli/service-names.ts';

const ROOT = join(import.meta.dirname, '..', '..');

interface Part {
  readonly properties?: Readonly<Record<string, Part>>;
  readonly description?: string;
}

/** Paths of keys that say nothing about themselves. */
function silentKeys(part: Part, path: string): readonly string[] {
  return Object.entries(part.properties ?? {}).flatMap(([key, below]) => [
    ...(below.description === undefined ? [`${path}${key}`] : []),
    ...silentKeys(below, `${path}${key}.`),
  ]);
}

describe('config.schema.json', () => {
  it('is what `npm run schema` would write now', async () => {
    const written = await readFile(join(ROOT, 'config.schema.json'), 'utf8');
    expect(written === configSchemaText(), 'run `npm run schema`').toBe(true);
  });

  it('explains every key to an editor', () => {
    expect(silentKeys(configJsonSchema() as Part, '')).toEqual([]);
  });

  it('takes the shipped config.yml, and not a misspelt key', async () => {
    const schema = z.fromJSONSchema(configJsonSchema());
    const shipped = parse(await readFile(join(ROOT, 'config.yml'), 'utf8')) as object;
    expect(schema.safeParse(shipped).success).toBe(true);
    expect(schema.safeParse({ ...shipped, retries: {} }).success).toBe(false);
  });

  it('stands in the first line of the shipped config.yml, where editors look for it', async () => {
    const shipped = await readFile(join(ROOT, 'config.yml'), 'utf8');
    expect(shipped.split('\n')[0]).toBe('# yaml-language-server: $schema=./config.schema.json');
  });
});

describe('the schema', () => {
  it('has settings for every service of every role, and for no other', () => {
    const { providers } = configSchema().parse({ script: { template: 'x' } });
    expect(Object.keys(providers)).toEqual(SERVICE_NAMES);
    const used = new Set<string>(Object.values(SERVICES_BY_ROLE).flat());
    expect([...used].toSorted()).toEqual(SERVICE_NAMES.toSorted());
  });
});
