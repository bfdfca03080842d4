/** `hindsight migrate`: the tables and functions of a store on PostgreSQL, as this version needs them. */

import type { Command } from 'commander';
import {
  migratePostgres,
  postgresGrantsSql,
  postgresMigrationSql,
  postgresMigrationState,
  type PostgresPlace,
} from 'hindsightdb/postgres';
import { addExamples, runAction, type AddCommand } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { UsageError } from '../failure.ts';
import { shownAddress } from '../shown-address.ts';

interface MigrateOptions {
  readonly schema?: string;
  readonly dryRun?: boolean;
  readonly sql?: boolean;
  readonly grants?: string;
  readonly reader?: boolean;
}

/** Adds the command. */
export const addMigrate: AddCommand = (program, cli) => {
  const command = program
    .command('migrate')
    .summary('bring a store on PostgreSQL to what this version needs')
    .description(
      'Applies the migrations that the schema of a store on PostgreSQL lacks, all of them where there is no store. Each is a transaction under a lock, so that any number of processes may do it at once. Stores of other engines have nothing to migrate.',
    )
    .argument('[store]', 'the address: postgres://user@host/database; else what --store says')
    .option('--schema <name>', 'the schema of the store; hindsight unless it is told')
    .option('--dry-run', 'change nothing, and show what would be applied')
    .option('--sql', 'change nothing, and print all migrations as SQL; with --dry-run only those that are missing')
    .option('--grants <role>', 'change nothing, and print SQL that lets a role append and read, and nothing else')
    .option('--reader', 'with --grants: let it read only')
    .action((given: string | undefined, options: MigrateOptions, self: Command) =>
      runAction(cli, self, async (context) => {
        if (options.reader === true && options.grants === undefined)
          throw new UsageError('--reader says what the role of --grants may do, and none is named.', [
            'Name it: hindsight migrate --grants reporting --reader',
          ]);
        if (options.sql === true || options.grants !== undefined) return await printSql(context, given, options);
        await applyMissing(context, given, options);
      }),
    );
  addExamples(command, [
    { line: 'migrate postgres://localhost/shop', meaning: 'make the store, or bring it up to date' },
    { line: 'migrate --dry-run', meaning: 'see what would be applied to the store of hindsight.config.ts' },
    { line: 'migrate --sql --schema orders > orders.sql', meaning: 'all of it as SQL, for an administrator' },
    { line: 'migrate --grants shop_app | psql shop', meaning: 'give the role of an application what it needs' },
  ]);
};

async function applyMissing(
  context: CommandContext,
  given: string | undefined,
  { schema, dryRun = false }: MigrateOptions,
): Promise<void> {
  const place = await placeOf(context, given, schema);
  if (place === undefined) return;
  const changes = await migratePostgres({ ...place, dryRun });
  const state = await postgresMigrationState(place);
  const store = shownAddress(place.address);
  if (context.isJson) {
    const [migrated, pending] = dryRun ? [[], changes] : [changes, []];
    await context.document({ store, schema: state.schema, migrated, pending, applied: state.applied });
    return;
  }
  const { output, palette } = context;
  for (const { number, name } of changes)
    await output.line(`${dryRun ? 'Would apply' : 'Applied'}  ${number} ${palette.name(name)}`);
  const last = state.applied.at(-1);
  const where = `schema ${palette.name(state.schema)} of ${palette.name(store)}`;
  const standing = last === undefined ? 'holds no store yet' : `is at migration ${last.number}, ${last.name}`;
  await output.line(`${changes.length === 0 ? 'Nothing to do: the' : 'The'} ${where} ${standing}`);
}

async function printSql(context: CommandContext, given: string | undefined, options: MigrateOptions): Promise<void> {
  const { dryRun = false, sql = false, grants, reader = false } = options;
  const place = sql && dryRun ? await placeOf(context, given, options.schema) : undefined;
  if (sql && dryRun && place === undefined) return;
  // Without a database to look into, an address is only asked for the name of the schema.
  const schema = options.schema ?? schemaOf(given ?? (await context.addressIfNamed()));
  const named = schema === undefined ? {} : { schema };
  const parts: string[] = [];
  if (sql) {
    const missing = place === undefined ? undefined : await migratePostgres({ ...place, dryRun });
    const first = missing === undefined ? 1 : missing[0]?.number;
    if (first === undefined) context.note('Nothing is missing.');
    else parts.push(postgresMigrationSql({ ...named, after: first - 1 }));
  }
  if (grants !== undefined)
    parts.push(postgresGrantsSql({ ...named, role: grants, access: reader ? 'reader' : 'application' }));
  const text = parts.join('\n');
  if (context.isJson) await context.document({ sql: text });
  else if (text !== '') await context.output.line(text.trimEnd());
}

function schemaOf(address: string | undefined): string | undefined {
  if (address === undefined || !isOnPostgres(address) || !URL.canParse(address)) return undefined;
  return new URL(address).searchParams.get('schema') ?? undefined;
}

interface AddressedPlace extends PostgresPlace {
  readonly address: string;
}

/** Where the store lies; undefined, and said so, where it is one that has nothing to migrate. */
async function placeOf(
  context: CommandContext,
  given: string | undefined,
  schema: string | undefined,
): Promise<AddressedPlace | undefined> {
  const address = given ?? (await context.address());
  if (isOnPostgres(address)) return { address, ...(schema !== undefined && { schema }) };
  if (context.isJson) await context.document({ store: address, migrated: [], pending: [], applied: [] });
  else await context.output.line(`Nothing to migrate: ${context.palette.name(address)} is not on PostgreSQL`);
  return undefined;
}

function isOnPostgres(address: string): boolean {
  return /^postgres(ql)?:/i.test(address);
}
