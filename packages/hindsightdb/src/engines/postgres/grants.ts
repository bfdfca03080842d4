/**
 * What roles may do in the schema of a log. Whoever applies the migrations owns everything in it; an application needs much less,
 * and gets exactly that: it writes through functions alone, so that it can append, and can neither change nor delete what stands.
 */

import { assertRole, quotedName } from './sql-names.ts';

/** What a role is to be able to do: append and read, or read only. */
export type GrantedAccess = 'application' | 'reader';

/** Functions with their arguments, by who may call them. What is not here is for the owner alone, such as copying a log in. */
const functionsOf: Readonly<Record<GrantedAccess, readonly string[]>> = {
  application: [
    'identity_v1(text, bigint)',
    'create_log_v1(text, int, text, bigint)',
    'append_v1(text, bigint, int[], boolean, jsonb)',
    'forget_expired_v1(bigint, int)',
  ],
  reader: ['identity_v1(text, bigint)'],
};

/** SQL that gives an existing role what it needs in a schema, and takes away what it had there beyond that. */
export function grantsSql(
  schema: string,
  { role, access }: { readonly role: string; readonly access: GrantedAccess },
): string {
  assertRole(role);
  const [grantee, place] = [quotedName(role), quotedName(schema)];
  const functions = functionsOf[access].map((signature) => `${place}.${signature}`).join(',\n  ');
  return `\
BEGIN;
REVOKE ALL ON SCHEMA ${place} FROM ${grantee};
REVOKE ALL ON ALL TABLES IN SCHEMA ${place} FROM ${grantee};
REVOKE ALL ON ALL SEQUENCES IN SCHEMA ${place} FROM ${grantee};
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA ${place} FROM ${grantee};
GRANT USAGE ON SCHEMA ${place} TO ${grantee};
GRANT SELECT ON ALL TABLES IN SCHEMA ${place} TO ${grantee};
GRANT EXECUTE ON FUNCTION
  ${functions}
  TO ${grantee};
COMMIT;
`;
}
