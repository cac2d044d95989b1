/**
 * Does a resource policy itself let a principal read? IAM's simulation takes no resource policy of a role's request
 * ("Simulation of resource-based policies isn't supported for IAM roles", API_SimulatePrincipalPolicy), and within one
 * account a statement that names the role is enough (IAM user guide, "Policy evaluation logic").
 *
 * Only what allows is looked at, and conditions are taken to hold: whoever leaves is better counted than missed. A
 * statement that names the account hands the decision to identity policies, which the simulation sees.
 */
interface Statement {
  readonly Effect?: unknown;
  readonly Principal?: unknown;
  readonly NotPrincipal?: unknown;
  readonly Action?: unknown;
  readonly NotAction?: unknown;
}

/** @param policy JSON; one that cannot be read names nobody @param action in full */
export function namesPrincipal(policy: string, principal: string, action: string): boolean {
  return statementsOf(policy).some(
    (statement) =>
      statement.Effect === 'Allow' && isMeant(statement, principal) && isAbout(statement, action),
  );
}

function statementsOf(policy: string): readonly Statement[] {
  try {
    const { Statement: found } = JSON.parse(policy) as { Statement?: Statement | Statement[] };
    return list(found).filter((one) => typeof one === 'object' && one !== null);
  } catch {
    return [];
  }
}

function isMeant({ Principal, NotPrincipal }: Statement, principal: string): boolean {
  if (NotPrincipal !== undefined) return true;
  if (Principal === '*') return true;
  const named = list((Principal as { AWS?: unknown } | undefined)?.AWS);
  return named.some((one) => one === '*' || one === principal);
}

function isAbout({ Action, NotAction }: Statement, action: string): boolean {
  const matches = (patterns: unknown) =>
    list(patterns).some((one) => typeof one === 'string' && like(one, action));
  return NotAction === undefined ? matches(Action) : !matches(NotAction);
}

/**
 * `*` any run of characters, `?` one; actions are the same in any case. Not by a regular expression: of a dozen `*`
 * in a policy that anybody may have written, its engine would try every way to share the action out.
 */
function like(pattern: string, action: string): boolean {
  const [wanted, found] = [pattern.toLowerCase(), action.toLowerCase()];
  let [at, from, star, taken] = [0, 0, -1, 0];
  while (at < found.length) {
    if (wanted[from] === '*') {
      [star, taken] = [from, at];
      from += 1;
    } else if (from < wanted.length && (wanted[from] === '?' || wanted[from] === found[at])) {
      [at, from] = [at + 1, from + 1];
    } else if (star === -1) {
      return false;
    } else {
      // The last `*` takes one more character; those before it need no other share.
      taken += 1;
      [at, from] = [taken, star + 1];
    }
  }
  return /^\**$/.test(wanted.slice(from));
}

function list<T>(value: T | T[] | undefined): T[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : [value];
}
