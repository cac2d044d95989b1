/** What a consumer must use once a new value is in use: by ids that its health report tells. */

export interface SecretInUse {
  readonly kind: 'jwt' | 'encryption' | 'database' | 'userManaged';
  readonly name: string;
  readonly readers?: 'keyset' | 'scalar' | undefined;
  readonly scheme?: 'multiUser' | 'singleUser' | undefined;
}

export interface ExpectedInUse {
  secretName: string;
  versionIds: string[];
  key: { kid: string; state: 'primary' } | null;
  role: string | null;
}

/** @param version the one in use, and its primary material as the control table recorded it */
export function expectedInUse(
  { kind, name, readers, scheme }: SecretInUse,
  { versionId, primary }: { readonly versionId: string; readonly primary?: string | undefined },
): ExpectedInUse {
  // Who reads one variable holds no keyset to tell of.
  const tellsKey = (kind === 'jwt' || kind === 'encryption') && readers === 'keyset';
  // With one role, the role is what it was before: nothing is proven by it.
  const tellsRole = kind === 'database' && scheme === 'multiUser';
  return {
    secretName: name,
    versionIds: [versionId],
    key: tellsKey && primary !== undefined ? { kid: primary, state: 'primary' } : null,
    role: tellsRole && primary !== undefined ? roleOf(primary) : null,
  };
}

/** `<role>:<fingerprint>`; a role's name may hold a colon, a fingerprint does not. */
const roleOf = (material: string): string => material.slice(0, material.lastIndexOf(':'));
