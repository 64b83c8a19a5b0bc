// What services of documents without revisions have in common: how they are changed, and what they refer to.
import { OperatorError, type Problem } from "../errors.js";
import { type Kind, PRINCIPAL_KINDS, type PrincipalRef, type ResourceRef } from "../resources/common.js";
import { classProblem } from "../resources/priority-class.js";
import type { PrincipalStore, StandingStore } from "../store/store.js";

/** As many as a problem list has; more would help nobody. */
const REFERRERS_NAMED_MAX = 100;

export interface DocumentPage {
  /** Only those that name this principal as their parent or scope. */
  readonly scope?: PrincipalRef;
  readonly after?: string;
  readonly limit: number;
}

/** Throws OperatorError to refuse a write; runs alone with it. */
export type Precondition<Document> = (before: Document | undefined) => void;

export interface DocumentPut<Document> {
  readonly changed: boolean;
  readonly before: Document | undefined;
}

/** One noun of the operator API, as its operations need it. */
export interface Documents<Document> {
  list(page: DocumentPage): Promise<readonly Document[]>;
  find(id: string): Promise<Document | undefined>;
  /** Rejects with invalid_configuration when it names what is not there. */
  put(document: Document, dryRun: boolean, precondition: Precondition<Document>): Promise<DocumentPut<Document>>;
  /** Rejects with resource_not_found or still_referenced. */
  delete(id: string, dryRun: boolean, precondition: Precondition<Document>): Promise<void>;
}

export function wordsOf(kind: Kind): string {
  return kind.replaceAll("-", " ");
}

export function documentNotFound({ kind, id }: ResourceRef): OperatorError {
  return new OperatorError("resource_not_found", { message: `There is no ${wordsOf(kind)} '${id}'.` });
}

export function unchanged(before: unknown, json: string): boolean {
  return before !== undefined && JSON.stringify(before) === json;
}

/**
 * `within`: JSON pointer to what holds the reference in the document `from`, by the name of its kind. Rejects with
 * invalid_configuration.
 */
export async function requirePrincipal(
  store: PrincipalStore,
  from: ResourceRef,
  within: string,
  to: PrincipalRef | undefined,
): Promise<void> {
  if (to === undefined || (await store.principal(to)) !== undefined) return;
  const problem = {
    ...from,
    path: `${within}/${to.kind}`,
    code: "unknown_reference",
    message: `there is no ${to.kind} '${to.id}'`,
    mend: `Create the ${to.kind} '${to.id}' first, or name one that exists.`,
  };
  throw new OperatorError("invalid_configuration", { problems: [problem] });
}

/** Throws invalid_configuration for a priority class that there is not. */
export function requireClass(classes: readonly string[], from: ResourceRef, name: string | undefined): void {
  const problem = classProblem(classes, from, "/priority", name);
  if (problem !== undefined) throw new OperatorError("invalid_configuration", { problems: [problem] });
}

/** Rejects with still_referenced while a document names this principal. */
export async function requireUnreferenced(store: PrincipalStore & StandingStore, to: PrincipalRef): Promise<void> {
  const problems: Problem[] = [];
  const add = (kind: Kind, id: string, path: string) =>
    problems.push({
      kind,
      id,
      path,
      code: "still_referenced",
      message: `refers to the ${to.kind} '${to.id}'`,
      mend: `Change or delete the ${wordsOf(kind)} '${id}' first.`,
    });
  for (const kind of PRINCIPAL_KINDS) {
    const children = await store.principals({ kind, parent: to, limit: REFERRERS_NAMED_MAX });
    for (const { id } of children) add(kind, id, `/${to.kind}`);
  }
  const budgets = await store.standing({ kind: "budget", scope: to, limit: REFERRERS_NAMED_MAX });
  for (const { id } of budgets) add("budget", id, `/scope/${to.kind}`);
  if (problems.length === 0) return;
  throw new OperatorError("still_referenced", { problems: problems.slice(0, REFERRERS_NAMED_MAX) });
}
