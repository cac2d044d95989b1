/**
 * The deployment: one environment in one account and region.
 * This one is the pharmacy platform of the example: replace names, hosts and roles by your own.
 */
import { defineRotation } from './domain/config/rotation-config.ts';

export default defineRotation({
  name: 'pharmacy',
  environment: 'prod',
  region: 'eu-west-1',
  secrets: {
    jwt: {
      kind: 'jwt',
      field: 'JWT_SECRET',
      bits: 512,
      encoding: 'base64',
      cadenceDays: 180,
      readers: 'keyset',
      signerCache: '5m',
      longestToken: '30d',
    },
    pii: {
      kind: 'encryption',
      field: 'ENCRYPTION_KEY',
      bits: 256,
      encoding: 'base64',
      cadenceDays: 90,
      readers: 'keyset',
      database: 'db',
      columns: [
        {
          id: 'patients.name',
          table: 'public.patients',
          column: 'name',
          format: 'qt1',
          profile: 'column',
        },
        {
          id: 'patients.ssn',
          table: 'public.patients',
          column: 'ssn',
          format: 'qt1',
          profile: 'row',
          primaryKey: ['id'],
        },
        {
          id: 'patients.phone',
          table: 'public.patients',
          column: 'phone',
          format: 'qt1',
          profile: 'column',
        },
        {
          id: 'credentials.token',
          table: 'public.stored_credentials',
          column: 'token',
          format: 'qt1',
          profile: 'none',
        },
        {
          id: 'prescriptions.medication',
          table: 'public.prescriptions',
          column: 'medication',
          format: 'qt1',
          profile: 'column',
        },
        {
          id: 'prescriptions.dosage',
          table: 'public.prescriptions',
          column: 'dosage',
          format: 'qt1',
          profile: 'column',
        },
        {
          id: 'prescriptions.note',
          table: 'public.prescriptions',
          column: 'note',
          format: 'qt1',
          profile: 'row',
          primaryKey: ['id'],
        },
      ],
      reencryption: { login: 'rowsDb', mode: 'online', workers: 2, backupRetention: '35d' },
    },
    db: {
      kind: 'database',
      scheme: 'multiUser',
      host: 'pharmacy.cluster-example.eu-west-1.rds.amazonaws.com',
      port: 5432,
      dbname: 'pharmacy',
      identity: 'pharmacy_app',
      roles: ['pharmacy_app_a', 'pharmacy_app_b'],
      admin: 'dbAdmin',
      databaseUrl: true,
      cadenceDays: 180,
    },
    legacyDb: {
      kind: 'database',
      scheme: 'singleUser',
      host: 'pharmacy.cluster-example.eu-west-1.rds.amazonaws.com',
      port: 5432,
      dbname: 'pharmacy',
      roles: ['pharmacy_legacy'],
      admin: 'dbAdmin',
      cadenceDays: 180,
    },
    rowsDb: {
      kind: 'database',
      scheme: 'singleUser',
      host: 'pharmacy.cluster-example.eu-west-1.rds.amazonaws.com',
      port: 5432,
      dbname: 'pharmacy',
      roles: ['pharmacy_rows'],
      admin: 'dbAdmin',
      cadenceDays: 180,
    },
    dbAdmin: {
      kind: 'userManaged',
      purpose:
        'The rotator role of the database: sets passwords of the login roles, reads no data.',
    },
  },
  consumers: [{ name: 'api', reads: ['jwt', 'pii', 'db', 'legacyDb'] }],
});
