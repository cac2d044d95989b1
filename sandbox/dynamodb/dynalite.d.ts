declare module 'dynalite' {
  import type { Server } from 'node:http';

  /** Milliseconds a table stays CREATING, DELETING, UPDATING. The store is in memory. */
  export default function dynalite(options?: {
    createTableMs?: number;
    deleteTableMs?: number;
    updateTableMs?: number;
  }): Server;
}
