// Which contexts live, and how deep the host is in the VM. The exports in exports.ts are thin shells around this.

import { arenaReset } from "./arena";
import { collectIfDue, noteMuchGarbage } from "./collector";
import { RootContext } from "./context";
import { hostLength, hostPointer } from "./host";
import { utf8 } from "./literal";
import { getProperty } from "./properties";
import { StreamTable } from "./stream-table";

const PLUGIN_ROOT_ID = utf8("plugin_root_id");

export const streams = new StreamTable();

const rootNames: string[] = [];
const rootFactories: ((id: u32) => RootContext)[] = [];
const rootIds: u32[] = [];
const roots: RootContext[] = [];
let depth: i32 = 0;

/** Names a plugin root; call once per root at the top level of the entry file. */
export function registerRoot(name: string, factory: (id: u32) => RootContext): void {
  rootNames.push(name);
  rootFactories.push(factory);
}

export function rootOf(id: u32): RootContext | null {
  for (let i = 0; i < rootIds.length; i++) {
    if (unchecked(rootIds[i]) == id) return unchecked(roots[i]);
  }
  return null;
}

/** Makes the root context that the property `plugin_root_id` names. Null when no root of that name was registered. */
export function createRoot(id: u32): RootContext | null {
  if (!getProperty(PLUGIN_ROOT_ID.pointer, PLUGIN_ROOT_ID.length)) return null;
  const name = String.UTF8.decodeUnsafe(hostPointer(), hostLength());
  for (let i = 0; i < rootNames.length; i++) {
    if (rootNames[i] != name) continue;
    const root = rootFactories[i](id);
    rootIds.push(id);
    roots.push(root);
    return root;
  }
  return null;
}

export function deleteRoot(id: u32): void {
  for (let i = 0; i < rootIds.length; i++) {
    if (unchecked(rootIds[i]) != id) continue;
    const root = roots[i];
    rootIds.splice(i, 1);
    roots.splice(i, 1);
    root.onDelete();
    noteMuchGarbage();
    return;
  }
}

export function enter(): void {
  depth++;
}

/** When the outermost callback ends the stack holds no reference, so here memory can be taken back. */
export function leave(): void {
  if (--depth > 0) return;
  arenaReset();
  collectIfDue();
}
