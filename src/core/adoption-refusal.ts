/**
 * Why a pull request is not taken on. Pure; the words are in `explain/adoption.ts`.
 *
 * R1 Each names what stands in the way, so that the next step can name it too.
 */
export type AdoptionRefusal =
  | { readonly is: 'merged' }
  | { readonly is: 'closed' }
  /** Adopted before; that bead has it. */
  | { readonly is: 'watched'; readonly bead: string }
  /** The town opened it, or made its branch; null: for a bead that is closed. */
  | { readonly is: 'ours'; readonly bead: string | null }
  /** Another pull request of the same branch is watched. */
  | { readonly is: 'branch_watched'; readonly branch: string; readonly bead: string }
  | {
      readonly is: 'other_target';
      readonly base: string;
      readonly rig: string;
      readonly target: string;
    }
  /** `rigs`: names of those on the same forge, each with its repository. */
  | { readonly is: 'no_rig'; readonly repository: string; readonly rigs: readonly string[] }
  | { readonly is: 'several_rigs'; readonly repository: string; readonly rigs: readonly string[] }
  /** The rig that was named is somewhere else. */
  | {
      readonly is: 'other_rig';
      readonly repository: string;
      readonly rig: string;
      readonly at: string;
    };

export type AdoptionRefusalOf<K extends AdoptionRefusal['is']> = Extract<
  AdoptionRefusal,
  { readonly is: K }
>;
