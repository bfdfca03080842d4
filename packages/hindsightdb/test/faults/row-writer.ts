/**
 * A plain SQLite program for the tests of the harness: inserts rows, each in a commit of its own, and tells of each
 * commit that it was answered, in the marks file and on its output.
 *
 * Arguments: folder, synchronous mode, number of rows, bytes of a row, rows between two WAL checkpoints (0: none).
 */
import { openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { marksFileName } from './fault-record.ts';

const [folder = '', synchronous = 'FULL', rows = '1', rowBytes = '100', checkpointEvery = '0'] = process.argv.slice(2);
const marks = openSync(join(folder, marksFileName), 'a');
try {
  const database = new DatabaseSync(join(folder, 'rows.db'));
  database.exec(`PRAGMA journal_mode=WAL; PRAGMA synchronous=${synchronous}; PRAGMA wal_autocheckpoint=0`);
  database.exec('CREATE TABLE IF NOT EXISTS row (number INTEGER PRIMARY KEY, content BLOB NOT NULL)');
  const insert = database.prepare('INSERT INTO row (number, content) VALUES (?, zeroblob(?))');
  const greatest = database.prepare('SELECT coalesce(max(number), 0) AS number FROM row').get();
  const first = Number(greatest?.['number']) + 1;
  for (let number = first; number < first + Number(rows); number++) {
    insert.run(number, Number(rowBytes));
    writeSync(marks, `${number}\n`);
    console.log(`committed ${number}`);
    if (Number(checkpointEvery) > 0 && number % Number(checkpointEvery) === 0)
      database.exec('PRAGMA wal_checkpoint(RESTART)');
  }
  database.close();
  console.log('done');
} catch (error) {
  // SQLite's own code is what the tests ask for: 13 is a full disk, 10 an input or output error.
  const code: unknown = error instanceof Error && 'errcode' in error ? error.errcode : undefined;
  console.log(`failed ${typeof code === 'number' ? code & 0xff : 'otherwise'} ${String(error)}`);
}
