/** How the programs that tests start hear of the test: lines on their input, and its end when the test is gone. */
import { createInterface } from 'node:readline';

/** Calls back with the first line, and ends the process when the input ends: a program never outlives its test. */
export function listenForOrders(obey: (line: string) => void): void {
  const input = createInterface({ input: process.stdin });
  input.once('line', obey);
  input.once('close', () => process.exit(1));
}
