// One Envoy's delta ADS conversation, without a transport: subscriptions, nonces, one response in flight per type.
// It decides only what to send of the views it was given; in which order views change is the session's matter.
import { type Resource, TypeUrl, type View, WILDCARD_TYPES } from "./resource.js";

/** The fields of envoy.service.discovery.v3.DeltaDiscoveryRequest that matter here. */
export interface DeltaRequest {
  typeUrl: string;
  resourceNamesSubscribe: string[];
  resourceNamesUnsubscribe: string[];
  initialResourceVersions: Record<string, string>;
  responseNonce: string;
  errorDetail?: { message: string } | undefined;
}

export interface DeltaResponse {
  typeUrl: string;
  nonce: string;
  resources: Resource[];
  removedResources: string[];
}

export interface Rejection {
  typeUrl: string;
  message: string;
  resources: string[];
}

interface InFlight {
  nonce: string;
  sent: Map<string, string>;
}

interface TypeState {
  view: View;
  held: boolean;
  started: boolean;
  wildcard: boolean;
  names: Set<string>;
  /** Names asked for since the last response; each is answered even if nothing changed. */
  unanswered: Set<string>;
  /** Versions as last sent, and as last accepted: they differ while in flight and after a rejection. */
  sent: Map<string, string>;
  acked: Map<string, string>;
  inFlight: InFlight | undefined;
  /** A wildcard subscriber that has nothing yet waits for an answer, be it an empty one. */
  owesFirst: boolean;
}

const EMPTY: View = new Map();

export class DeltaStream {
  private readonly types = new Map<string, TypeState>();
  private nonces = 0;

  constructor(
    private readonly send: (response: DeltaResponse) => void,
    private readonly onRejection: (rejection: Rejection) => void,
  ) {
    for (const typeUrl of Object.values(TypeUrl)) this.state(typeUrl);
  }

  private state(typeUrl: string): TypeState {
    let state = this.types.get(typeUrl);
    if (state === undefined) {
      state = {
        view: EMPTY,
        held: false,
        started: false,
        wildcard: false,
        names: new Set(),
        unanswered: new Set(),
        sent: new Map(),
        acked: new Map(),
        inFlight: undefined,
        owesFirst: false,
      };
      this.types.set(typeUrl, state);
    }
    return state;
  }

  receive(request: DeltaRequest): void {
    const state = this.state(request.typeUrl);
    if (request.responseNonce !== "") this.acknowledge(state, request);
    this.subscribe(state, request);
    this.flush(request.typeUrl, state);
  }

  private acknowledge(state: TypeState, request: DeltaRequest): void {
    const inFlight = state.inFlight;
    if (inFlight === undefined || inFlight.nonce !== request.responseNonce) return;
    state.inFlight = undefined;
    if (request.errorDetail !== undefined) {
      const { message } = request.errorDetail;
      this.onRejection({ typeUrl: request.typeUrl, message, resources: [...inFlight.sent.keys()] });
      return;
    }
    for (const [name, version] of inFlight.sent) if (state.sent.has(name)) state.acked.set(name, version);
  }

  private subscribe(state: TypeState, request: DeltaRequest): void {
    const first = !state.started;
    state.started = true;
    if (first) {
      for (const [name, version] of Object.entries(request.initialResourceVersions)) {
        state.sent.set(name, version);
        state.acked.set(name, version);
      }
      if (request.resourceNamesSubscribe.length === 0 && WILDCARD_TYPES.has(request.typeUrl)) state.wildcard = true;
    }
    for (const name of request.resourceNamesSubscribe) {
      if (name === "*") {
        state.wildcard = true;
        continue;
      }
      state.names.add(name);
      // After a reconnect the first request repeats names whose version Envoy has just told us.
      if (!(first && state.sent.has(name))) state.unanswered.add(name);
    }
    for (const name of request.resourceNamesUnsubscribe) {
      if (name === "*") state.wildcard = false;
      else {
        state.names.delete(name);
        state.unanswered.delete(name);
        if (state.wildcard) continue;
        state.sent.delete(name);
        state.acked.delete(name);
      }
    }
    if (first && state.wildcard && state.sent.size === 0) state.owesFirst = true;
  }

  /** Gives a type a new content and sends the difference, unless the type is held. */
  setView(typeUrl: TypeUrl, view: View): void {
    const state = this.state(typeUrl);
    state.view = view;
    this.flush(typeUrl, state);
  }

  /** A held type still answers names that Envoy does not have, but changes nothing that it has. */
  hold(typeUrl: TypeUrl): void {
    this.state(typeUrl).held = true;
  }

  release(typeUrl: TypeUrl): void {
    const state = this.state(typeUrl);
    state.held = false;
    this.flush(typeUrl, state);
  }

  /** What Envoy rejected is offered again: only for a new revision, else the two would go in circles. */
  forgetRejections(): void {
    for (const [typeUrl, state] of this.types) {
      for (const [name, version] of state.sent) {
        if (state.acked.get(name) === version || state.inFlight?.sent.has(name) === true) continue;
        const acked = state.acked.get(name);
        if (acked === undefined) state.sent.delete(name);
        else state.sent.set(name, acked);
      }
      this.flush(typeUrl, state);
    }
  }

  /** True when Envoy has accepted every resource of the view and nothing of the type is on its way. */
  settled(typeUrl: TypeUrl): boolean {
    const state = this.state(typeUrl);
    if (state.inFlight !== undefined) return false;
    for (const [name, resource] of state.view) {
      if (resource === null || (resource.optional === true && !state.names.has(name))) continue;
      if (state.acked.get(name) !== resource.version) return false;
    }
    return true;
  }

  /** Names that Envoy said it holds, by the versions of its first request or by what it accepted since. */
  accepted(typeUrl: TypeUrl): ReadonlyMap<string, string> {
    return this.state(typeUrl).acked;
  }

  private flush(typeUrl: string, state: TypeState): void {
    if (!state.started || state.inFlight !== undefined) return;
    const resources: Resource[] = [];
    const removed: string[] = [];
    for (const name of this.wanted(state)) {
      const resource = state.view.get(name);
      if (resource === null) continue;
      const asked = state.unanswered.has(name);
      if (resource === undefined) {
        // An unknown name is answered at once: Envoy's start-up otherwise waits for it.
        if (asked || state.sent.has(name)) removed.push(name);
      } else if (asked || (state.sent.get(name) !== resource.version && !(state.held && state.sent.has(name)))) {
        resources.push(resource);
      }
    }
    if (resources.length + removed.length === 0 && !state.owesFirst) return;
    state.owesFirst = false;
    state.unanswered.clear();
    for (const name of removed) {
      state.sent.delete(name);
      state.acked.delete(name);
    }
    for (const { name, version } of resources) state.sent.set(name, version);
    this.nonces += 1;
    const nonce = String(this.nonces);
    state.inFlight = { nonce, sent: new Map(resources.map(({ name, version }) => [name, version])) };
    this.send({ typeUrl, nonce, resources, removedResources: removed });
  }

  private wanted(state: TypeState): Set<string> {
    return state.wildcard ? new Set([...state.view.keys(), ...state.sent.keys(), ...state.names]) : state.names;
  }
}
