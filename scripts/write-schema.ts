// Writes config.schema.json from the schema that the program itself checks config.yml with.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { configSchemaText } from '../src/cli/config-schema.ts';

writeFileSync(join(import.meta.dirname, '..', 'config.schema.json'), configSchemaText());
