/**
 * Regular expressions that are run over every value of a column. JavaScript's engine goes back and tries again,
 * so a careless pattern takes longer than the universe lasts for one value somebody chose. The subset here has a
 * bound that can be counted beforehand: nothing is repeated but one character (or class), so a match takes at
 * most the product of all choices. Look-around, back-references and repeated groups are not part of it.
 */

const longestPattern = 500;
/** Ways to match, multiplied. One text is refused in some 10^7 steps at worst: hundredths of a second. */
const mostChoices = 100_000;
/** With one `*`, `+` or `{n,}` the length of the text multiplies them, 1 MiB at most. */
const mostChoicesBesideUnbounded = 100;
const longestRun = 10_000;

/** What is expected instead; undefined: the pattern can be used. */
export function patternProblem(pattern: string): string | undefined {
  if (pattern === '' || pattern.length > longestPattern) {
    return `a regular expression of 1 to ${longestPattern} characters`;
  }
  let whole: RegExp;
  try {
    whole = new RegExp(`^(?:${pattern})$`, 'u');
  } catch {
    // The engine's message repeats the pattern.
    return 'a regular expression of JavaScript with the flag u';
  }
  const problem = costProblem(pattern);
  if (problem !== undefined) {
    return problem;
  }
  for (let length = 1; length <= 64; length++) {
    if (whole.test('\u0001'.repeat(length))) {
      return 'a pattern for what the column holds: this one lets control characters pass, as a wrong key leaves them';
    }
  }
  return undefined;
}

const noRepeatedGroups =
  'a pattern in which one character or class is repeated, never a group, so that its steps are bounded';
const onlyPlainGroups =
  'a pattern without captures, look-around and back-references; (?:a|b) is allowed';

/** An escape, a class, a quantifier, the start of a group, or one character. */
const tokens =
  /\\[pP]\{[^}]*\}|\\u\{[^}]*\}|\\.|\[(?:\\.|[^\]\\])*\]|\(\?:|[*+?]\??|\{\d+(?:,\d*)?\}\??|./gsu;

function costProblem(pattern: string): string | undefined {
  let choices = 1;
  let unbounded = 0;
  let previous = '';
  /** Alternatives of the groups that are open, the whole pattern first. */
  const alternatives = [1];
  for (const [token] of pattern.matchAll(tokens)) {
    if (token === '(' || /^\\[1-9k]/.test(token)) {
      return onlyPlainGroups;
    }
    const repeated = quantifier(token);
    if (repeated !== undefined) {
      if (previous === ')') {
        return noRepeatedGroups;
      }
      const { least, most } = repeated;
      if (Math.max(least, most ?? 0) > longestRun) {
        return `a pattern that repeats nothing more than ${longestRun} times`;
      }
      unbounded += most === undefined ? 1 : 0;
      choices *= most === undefined ? 1 : most - least + 1;
    } else if (token === '(?:') {
      alternatives.push(1);
    } else if (token === ')') {
      choices *= alternatives.pop() ?? 1;
    } else if (token === '|') {
      alternatives.push((alternatives.pop() ?? 1) + 1);
    }
    previous = token;
  }
  choices *= alternatives.reduce((product, each) => product * each, 1);
  const limit = unbounded === 0 ? mostChoices : mostChoicesBesideUnbounded;
  return unbounded > 1 || choices > limit
    ? `a pattern with at most one *, + or {n,} (and then at most ${mostChoicesBesideUnbounded} ways to match, otherwise ${mostChoices}): write {1,64} instead`
    : undefined;
}

function quantifier(token: string): { least: number; most: number | undefined } | undefined {
  const written = token.length > 1 ? token.replace(/\?$/, '') : token;
  switch (written) {
    case '*':
      return { least: 0, most: undefined };
    case '+':
      return { least: 1, most: undefined };
    case '?':
      return { least: 0, most: 1 };
  }
  const [, least, comma, most] = /^\{(\d+)(,?)(\d*)\}$/.exec(written) ?? [];
  if (least === undefined) {
    return undefined;
  }
  const from = Number(least);
  return { least: from, most: comma === '' ? from : most === '' ? undefined : Number(most) };
}
