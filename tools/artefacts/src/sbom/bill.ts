/** One thing that is in a program, as CycloneDX has it. */
export interface Component {
  readonly type: 'library' | 'platform';
  readonly name: string;
  readonly version: string;
  /** What names it all over the world (package URL). */
  readonly purl: string;
  /** By what the rest of the list calls it. */
  readonly 'bom-ref': string;
  /** How databases of known faults call it. */
  readonly cpe?: string;
  readonly description?: string;
  readonly licenses?: readonly object[];
  readonly externalReferences?: readonly object[];
  /** What is in it. */
  readonly components?: readonly Component[];
}

/** What a component needs. */
export interface Needs {
  readonly ref: string;
  readonly dependsOn?: readonly string[];
}

/** A list of all that is in a program: a software bill of materials of CycloneDX. */
export interface Bill {
  readonly bomFormat: string;
  readonly specVersion: string;
  readonly serialNumber: string;
  readonly version: number;
  readonly metadata: { readonly timestamp: string; readonly component: Pick<Component, 'bom-ref' | 'name' | 'version'> };
  readonly components: readonly Component[];
  readonly dependencies: readonly Needs[];
}
