/** What `quarterturn scan` found. Names, ids and places, never a value nor a line that holds one. */

export interface ScanFinding {
  /** value: a managed value; fallback: one for development, in configuration of production. */
  readonly kind: 'value' | 'fallback';
  /** `<name>/<environment>`; of a fallback none. */
  readonly deployment?: string;
  /** Name in Secrets Manager; of a fallback the name it stands under. */
  readonly secret: string;
  /** Its key in the configuration, for commands. */
  readonly key?: string;
  /** In words: `kid 9f2c41aa07be63d1`, `password`; of a fallback, why it is one. */
  readonly what: string;
  /**
   * live      AWSCURRENT holds it, and readers use or accept it
   * pending   AWSPENDING alone holds it
   * previous  AWSPREVIOUS holds it
   * old       only versions kept by their date hold it, or readers refuse it
   */
  readonly state?: 'live' | 'pending' | 'previous' | 'old';
  readonly versions: readonly {
    readonly versionId: string;
    readonly labels: readonly string[];
    readonly state?: string | undefined;
  }[];
  readonly part: 'whole' | 'first' | 'last';
  /** From the outermost: `base64`, `hex` is something in hex, in base64. */
  readonly spellings: readonly string[];
  readonly place: ScanPlace;
  /** Objects of the history that hold it at that path. */
  readonly times: number;
}

interface By {
  readonly oid: string;
  readonly author: string;
  /** Author date, UTC. */
  readonly at?: string;
}

export type ScanPlace =
  | { readonly in: 'file'; readonly path: string; readonly line: number }
  | {
      /** `name`: of a file or folder. */
      readonly in: 'history' | 'name';
      readonly repository: string;
      readonly object: string;
      /** Absent: no commit holds it, or it is the root. */
      readonly path?: string;
      /** The oldest commit that has it there; absent: no commit holds it. */
      readonly commit?: By;
    }
  | { readonly in: 'message'; readonly repository: string; readonly commit: By }
  | {
      readonly in: 'tag';
      readonly repository: string;
      readonly tag: By & { readonly name: string };
    };

export interface ScanReport {
  readonly report: 'quarterturn-scan';
  readonly version: 1;
  /** When it began (UTC). */
  readonly at: string;
  readonly deployments: readonly {
    readonly deployment: string;
    readonly caller: {
      readonly arn: string;
      readonly account: string;
      readonly region: string;
      readonly endpoint?: string;
    };
    readonly secrets: number;
    readonly values: number;
  }[];
  readonly paths: readonly {
    readonly path: string;
    readonly files: number;
    readonly bytes: number;
    /** Absent: no history was asked for, or there is none. */
    readonly history?: {
      readonly repository: string;
      readonly commits: number;
      readonly objects: number;
      readonly bytes: number;
    };
  }[];
  readonly findings: readonly ScanFinding[];
  /** Of --across: one value in several deployments. */
  readonly shared?: readonly {
    readonly holders: readonly {
      readonly deployment: string;
      readonly secret: string;
      readonly what: string;
      readonly versions: ScanFinding['versions'];
    }[];
  }[];
  /** Values that were not looked for, and why. */
  readonly leftOut: readonly {
    readonly deployment: string;
    readonly secret: string;
    readonly what: string;
    readonly reason: string;
  }[];
  /** What was not looked at although it was asked for: the scan proves nothing about it. */
  readonly incomplete: readonly string[];
  /** What else to know. */
  readonly notes: readonly string[];
}
