/** What a secret is for, in words, from what the deployment says of it. */

interface Jwt {
  readonly kind: 'jwt';
}
interface Encryption {
  readonly kind: 'encryption';
  readonly columns: readonly { readonly table: string }[];
}
interface Database {
  readonly kind: 'database';
  readonly dbname: string;
  readonly host: string;
  readonly scheme: 'multiUser' | 'singleUser';
  readonly roles: readonly string[];
}
interface UserManaged {
  readonly kind: 'userManaged';
  readonly purpose: string;
}

export function purposeOf(secret: Jwt | Encryption | Database | UserManaged): string {
  switch (secret.kind) {
    case 'jwt':
      return 'Signs the tokens users log in with (JWT)';
    case 'encryption':
      return encryption(secret);
    case 'database': {
      const roles = secret.roles.join(' and ');
      return `Logs in to database ${secret.dbname} at ${secret.host} as ${roles}${
        secret.scheme === 'multiUser' ? ', in turn' : ''
      }`;
    }
    case 'userManaged':
      return secret.purpose;
  }
}

function encryption({ columns }: Encryption): string {
  if (columns.length === 0) return 'Encrypts fields of the application';
  const tables = [...new Set(columns.map(({ table }) => table))];
  const noun = columns.length === 1 ? 'column' : 'columns';
  return `Encrypts ${columns.length} ${noun} of ${tables.join(', ')}`;
}
