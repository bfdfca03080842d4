/**
 * Failures of the test kit.
 */

/** That something is not as a test expects. Test runners know it by its name, and show `expected` and `actual` side by side. */
export class TestFailure extends Error {
  readonly expected: unknown;
  readonly actual: unknown;

  constructor(
    message: string,
    found: { readonly expected?: unknown; readonly actual?: unknown; readonly cause?: unknown } = {},
  ) {
    super(message, 'cause' in found ? { cause: found.cause } : undefined);
    this.name = 'AssertionError';
    this.expected = found.expected;
    this.actual = found.actual;
  }
}
