/**
 * Assertions that the compiler makes. `npm run typecheck` fails where one does not hold; the tests that use them run as well,
 * so that what they describe is also what happens.
 *
 *     type _ = Expect<Equal<typeof state, { readonly total: number }>>;
 */

/** Whether two types are the same, `any`, `readonly` and optional members included. */
export type Equal<One, Other> =
  // The compiler compares two generic functions by identity, which no comparison of plain types does.
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters
  (<Probe>() => Probe extends One ? 1 : 2) extends <Probe>() => Probe extends Other ? 1 : 2 ? true : false;

/** Compiles for `true` only. */
export type Expect<Holds extends true> = Holds;
