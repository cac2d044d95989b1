/** What of sql.js is used here; the package has no types. */
declare module 'sql.js' {
  type SqlValue = string | number | null;

  export interface Database {
    run(sql: string): void;
    prepare(sql: string): Statement;
    exec(sql: string): { columns: string[]; values: SqlValue[][] }[];
    create_function(name: string, work: (...values: never[]) => SqlValue): void;
    create_aggregate(name: string, work: object): void;
    close(): void;
  }

  export interface Statement {
    run(values: readonly SqlValue[]): void;
    free(): void;
  }

  export interface SqlJsStatic {
    Database: new () => Database;
  }

  export default function initialize(): Promise<SqlJsStatic>;
}
