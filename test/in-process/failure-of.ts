/** What a call that must fail fails with. */
export async function failureOf(
  work: Promise<unknown> | (() => unknown),
): Promise<Error & { code: string }> {
  try {
    await (typeof work === 'function' ? work() : work);
  } catch (error) {
    return error as Error & { code: string };
  }
  throw new Error('expected a failure');
}
