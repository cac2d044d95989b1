/** The test that mirrors a file most likely notices what is wrong with it; after that, the quicker ones. */
export function nearestFirst(
  suites: readonly string[],
  mutated: string,
  millisecondsOf: (suite: string) => number,
): string[] {
  const parts = mutated.split('/');
  const steps = (suite: string): number => {
    const mirrored = suite.split('/').slice(1);
    let same = 0;
    while (same < parts.length - 1 && mirrored[same] === parts[same]) same++;
    return same;
  };
  return suites.toSorted(
    (a, b) => steps(b) - steps(a) || millisecondsOf(a) - millisecondsOf(b) || (a < b ? -1 : 1),
  );
}
