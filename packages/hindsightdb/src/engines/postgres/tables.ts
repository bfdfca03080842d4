/** The names of what a schema holds, as they stand in SQL. */

/** What the engine reads and calls. */
export type Tables = Readonly<
  Record<
    | 'event'
    | 'tag'
    | 'setting'
    | 'answer'
    | 'keyed'
    | 'meta'
    | 'append'
    | 'identity'
    | 'createLog'
    | 'forgetExpired'
    | 'beginCopy'
    | 'copy'
    | 'endCopy',
    string
  >
>;

/** The names in a schema, whose name was checked. */
export function tablesOf(schema: string): Tables {
  const own = (name: string): string => `"${schema}".${name}`;
  return {
    event: own('event'),
    tag: own('event_tag'),
    setting: own('setting'),
    answer: own('answer'),
    keyed: own('keyed'),
    meta: own('meta'),
    append: own('append_v1'),
    identity: own('identity_v1'),
    createLog: own('create_log_v1'),
    forgetExpired: own('forget_expired_v1'),
    beginCopy: own('begin_copy_v1'),
    copy: own('copy_v1'),
    endCopy: own('end_copy_v1'),
  };
}
