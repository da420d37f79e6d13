/** What the client adds to hints: they can be paused, and give way to errors, which the server cannot see. */

import {
  Diagnostic,
  DiagnosticSeverity,
  Disposable,
  EventEmitter,
  InlayHint,
  languages,
  Memento,
  Uri,
  window,
} from "vscode";
import { InlayHintRequest, InlayHintsMiddleware, LanguageClient } from "vscode-languageclient/node";

const PAUSED = "hints.paused";

export class Hints implements Disposable {
  private readonly changed = new EventEmitter<void>();
  private readonly problems = new Map<string, string>(); // lines with a problem, by document
  private readonly watch: Disposable;

  /** Fires when hints were asked for: the document or the memories may have changed. */
  readonly onAsked = this.changed.event;

  constructor(
    private readonly memento: Memento,
    private readonly client: () => LanguageClient | undefined,
  ) {
    this.watch = languages.onDidChangeDiagnostics((event) => this.look(event.uris));
  }

  get paused(): boolean {
    return this.memento.get(PAUSED, false);
  }

  async pause(paused: boolean): Promise<void> {
    await this.memento.update(PAUSED, paused);
    this.refresh();
  }

  readonly middleware: InlayHintsMiddleware = {
    provideInlayHints: async (document, range, token, next) => {
      const hints = this.paused ? [] : ((await next(document, range, token)) ?? []);
      this.changed.fire();
      const taken = problemLines(languages.getDiagnostics(document.uri));
      return hints.filter((hint: InlayHint) => !taken.has(hint.position.line));
    },
  };

  dispose(): void {
    this.watch.dispose();
    this.changed.dispose();
  }

  private look(uris: readonly Uri[]): void {
    let moved = false;
    for (const uri of uris) {
      const key = uri.toString();
      const lines = [...problemLines(languages.getDiagnostics(uri))].sort().join();
      moved ||= (this.problems.get(key) ?? "") !== lines;
      if (lines) this.problems.set(key, lines);
      else this.problems.delete(key);
    }
    if (moved) this.refresh();
  }

  private refresh(): void {
    const feature = this.client()?.getFeature(InlayHintRequest.method);
    const providers = window.visibleTextEditors.map((editor) => feature?.getProvider(editor.document));
    for (const provider of new Set(providers)) provider?.onDidChangeInlayHints.fire();
  }
}

function problemLines(diagnostics: readonly Diagnostic[]): Set<number> {
  const lines = new Set<number>();
  for (const { severity, range } of diagnostics) {
    if (severity > DiagnosticSeverity.Warning) continue;
    for (let line = range.start.line; line <= range.end.line; line++) lines.add(line);
  }
  return lines;
}
