/**
 * The reference model: what one secret is after a request, and what is answered. Written from AWS's pages, never from
 * the sandbox. Where a page says one thing there is one outcome; where AWS says nothing there are as many as are
 * possible, and whoever compares goes on with those that fit (`branches.ts`).
 * @see https://docs.aws.amazon.com/secretsmanager/latest/apireference/ API_PutSecretValue, API_UpdateSecretVersionStage, …
 */
import { CURRENT, type Operation, PENDING, type Request, type RequestOf } from './requests.ts';
import {
  absent,
  copyOf,
  held,
  moved,
  type Outcome,
  ok,
  pendingElsewhere,
  refused,
  type Secret,
  stopped,
  tooManyLabels,
} from './secret-state.ts';
import { madeRoom, stored } from './stored-value.ts';

type Rule<Op extends Operation> = (s: Secret, request: RequestOf<Op>, now: number) => Outcome[];

/** Not refused while the secret is scheduled for deletion: they do not declare InvalidRequestException, or are about it. */
const ofDeleted: ReadonlySet<Operation> = new Set(['describe', 'list', 'delete', 'restore']);

export function outcomes(s: Secret, request: Request, now: number): Outcome[] {
  if (!s.exists) {
    return ofAbsent(s, request, now);
  }
  if (s.due !== undefined && !ofDeleted.has(request.op)) {
    return refused(s, 'InvalidRequestException');
  }
  return (rules[request.op] as Rule<Operation>)(s, request, now);
}

/** "If you forcibly delete an already deleted or nonexistent secret, [no] ResourceNotFoundException" (API_DeleteSecret). */
function ofAbsent(s: Secret, request: Request, now: number): Outcome[] {
  if (request.op === 'create') {
    const empty: Secret = { ...absent, exists: true };
    const made = request.value === undefined ? [empty] : stored(empty, { ...request, now });
    return made.flatMap((after) =>
      'error' in after ? refused(s, after.error) : ok(after, versionIdOf(request)),
    );
  }
  return request.op === 'delete' && request.force
    ? ok(s, {})
    : refused(s, 'ResourceNotFoundException');
}

const versionIdOf = ({ token, value }: { token: string; value?: string }) =>
  value === undefined ? {} : { VersionId: token };

const rules: { [Op in Operation]: Rule<Op> } = {
  create: (s, request) =>
    request.value !== undefined && s.versions[request.token]?.value === request.value
      ? ok(s, versionIdOf(request))
      : refused(s, 'ResourceExistsException'),

  /** Same token and same data: "succeeds but does nothing"; other data: "the operation fails" (API_PutSecretValue). */
  put(s, { token, value, stages = [CURRENT] }, now) {
    const known = s.versions[token];
    if (known?.value !== undefined) {
      return known.value === value
        ? ok(s, { VersionId: token, VersionStages: known.labels })
        : refused(s, 'ResourceExistsException');
    }
    return stored(s, { token, value, stages, now }).flatMap((after) =>
      'error' in after
        ? refused(s, after.error)
        : ok(after, { VersionId: token, VersionStages: after.versions[token]?.labels }),
    );
  },

  /** A token that matches a version "results in an error" (API_UpdateSecret); a version without value is none yet. */
  update(s, { token, value, description }, now) {
    const told = { ...s, ...(description !== undefined && { description }) };
    if (value === undefined) {
      return ok(told, {});
    }
    const inUse = refused(s, 'ResourceExistsException');
    const known = s.versions[token];
    if (known?.value !== undefined) {
      return inUse;
    }
    const filled = stored(told, { token, value, stages: [CURRENT], now }).flatMap((after) =>
      'error' in after ? refused(s, after.error) : ok(after, { VersionId: token }),
    );
    return known === undefined ? filled : [...filled, ...inUse];
  },

  /**
   * "If the label is attached and you either do not specify [RemoveFromVersionId], or the version ID does not match,
   * then the operation fails"; AWSPREVIOUS follows AWSCURRENT; a version whose last label goes is deprecated.
   */
  stage(s, { label, from, to }) {
    const holder = held(s, label);
    const unknown =
      (to !== undefined && s.versions[to]?.value === undefined) ||
      (from !== undefined && s.versions[from] === undefined);
    const invalid = refused(s, 'InvalidParameterException');
    if (unknown) {
      // Which of two mistakes is told is nobody's promise.
      return [...refused(s, 'ResourceNotFoundException'), ...invalid];
    }
    if (holder !== undefined && from !== holder && (from !== undefined || to !== holder)) {
      return invalid;
    }
    if (label === CURRENT && to === undefined) {
      return invalid;
    }
    // From nowhere, and from a version to itself: no page says whether that is a mistake.
    const unsaid = from !== undefined && (holder === undefined || holder === to) ? invalid : [];
    const after = copyOf(s);
    moved(after, label, to);
    const ends = [after];
    // User guide: AWSPENDING goes with the move of a rotation; recorded outside of one: it stays.
    if (label === CURRENT && to !== undefined && held(s, PENDING) === to && s.run?.token === to) {
      const stripped = copyOf(after);
      moved(stripped, PENDING, undefined);
      ends.push(stripped);
    }
    const done = ends.flatMap((end) =>
      tooManyLabels(end) ? refused(s, 'LimitExceededException') : ok(end, {}),
    );
    return [...done, ...unsaid];
  },

  /**
   * AWSPENDING "present but not attached to the same version as AWSCURRENT": in progress, "returns an error". Else the
   * configuration is stored and a version without value labelled (API_RotateSecret, API_DescribeSecret).
   */
  rotate(s, { token, immediately = true, lambda = false }, now) {
    if (s.rotation === 'never' && !lambda) {
      return refused(s, 'InvalidRequestException');
    }
    const answer = { VersionId: token };
    const busy = pendingElsewhere(s) !== undefined;
    if (s.versions[token] !== undefined) {
      // AWS says of a token that it keeps a version from being made twice, and no more.
      const again = [...ok(s, answer), ...ok({ ...s, rotation: 'on' }, answer)];
      return busy ? [...again, ...refused(s, 'InvalidRequestException')] : again;
    }
    if (busy) {
      return refused(s, 'InvalidRequestException');
    }
    const after = copyOf(s);
    if (!madeRoom(after, now)) {
      return refused(s, 'LimitExceededException');
    }
    after.rotation = 'on';
    after.versions[token] = { labels: [], born: now };
    moved(after, PENDING, token);
    after.run = { token, test: !immediately, next: 'createSecret', tried: 0, busy: false };
    if (tooManyLabels(after)) {
      // RotateSecret declares no error for a quota; the others declare this one.
      return refused(s, 'LimitExceededException');
    }
    const current = s.versions[held(s, CURRENT) ?? '']?.value;
    if (immediately || current === undefined) {
      return ok(after, answer);
    }
    // Testing "creates an AWSPENDING version": with a copy of the current value, as seen, or with none.
    const withCopy = copyOf(after);
    withCopy.versions[token] = { labels: [PENDING], born: now, value: current };
    return [...ok(after, answer), ...ok(withCopy, answer)];
  },

  /** Ends a rotation in progress; AWSPENDING stays and "can block you from starting future rotations". */
  cancel(s) {
    if (s.rotation === 'never') {
      return refused(s, 'InvalidRequestException');
    }
    const pending = pendingElsewhere(s);
    const answer = pending === undefined ? {} : { VersionId: pending };
    return ok({ ...stopped(s), rotation: 'off' }, answer);
  },

  delete(s, { force }, now) {
    if (force) {
      return ok(absent, {});
    }
    return s.due === undefined
      ? ok({ ...stopped(s), due: now + 7 * 86_400_000 }, {})
      : refused(s, 'InvalidRequestException');
  },

  restore: ({ due, ...rest }) => ok(rest, {}),
  tag: (s, { key, value }) => ok({ ...s, tags: { ...s.tags, [key]: value } }, {}),
  untag: (s, { key }) =>
    ok({ ...s, tags: Object.fromEntries(Object.entries(s.tags).filter(([it]) => it !== key)) }, {}),

  describe: (s) =>
    ok(s, {
      stages: Object.fromEntries(
        Object.entries(s.versions)
          .filter(([, { labels }]) => labels.length > 0)
          .map(([id, { labels }]) => [id, labels]),
      ),
      rotation: { never: null, on: true, off: false }[s.rotation],
      deleted: s.due !== undefined,
      tags: s.tags,
      description: s.description ?? null,
    }),

  /** "To check if a secret version exists, call GetSecretValue": one without value may be listed, or not. */
  list(s, { deprecated }) {
    const shown = Object.entries(s.versions).filter(
      ([, { labels }]) => deprecated || labels.length > 0,
    );
    const listed = (all: typeof shown) =>
      ok(s, Object.fromEntries(all.map(([id, { labels }]) => [id, labels])));
    const valued = shown.filter(([, { value }]) => value !== undefined);
    return valued.length === shown.length ? listed(shown) : [...listed(valued), ...listed(shown)];
  },

  /** "If you include both […], the two parameters must refer to the same secret version"; default: AWSCURRENT. */
  get(s, { id, stage }) {
    const versionId = id ?? held(s, stage ?? CURRENT);
    const version = s.versions[versionId ?? ''];
    const missing = refused(s, 'ResourceNotFoundException');
    if (version === undefined) {
      return missing;
    }
    const mismatched = id !== undefined && stage !== undefined && !version.labels.includes(stage);
    const mismatch = mismatched ? refused(s, 'InvalidRequestException') : [];
    if (version.value === undefined) {
      return [...missing, ...mismatch];
    }
    const { value, labels } = version;
    return mismatched ? mismatch : ok(s, { VersionId: versionId, value, VersionStages: labels });
  },
};
