/** Client-side handling of hints: they can be paused, and are hidden on lines with errors, which the server cannot see. */

import {
  Diagnostic,
  DiagnosticSeverity,
  Disposable,
  EventEmitter,
  InlayHint,
  languages,
  Memento,
  Range,
  Uri,
  window,
} from "vscode";
import { InlayHintRequest, InlayHintsMiddleware, LanguageClient } from "vscode-languageclient/node";

const PAUSED = "hints.paused";

export class Hints implements Disposable {
  private readonly changed = new EventEmitter<void>();
  private readonly problems = new Map<string, string>(); // lines with a problem, by document
  private readonly watching: Disposable;

  /** Fires when hints are requested: the document or the memories may have changed. */
  readonly onRequested = this.changed.event;

  constructor(
    private readonly memento: Memento,
    private readonly client: () => LanguageClient | undefined,
  ) {
    this.watching = languages.onDidChangeDiagnostics((event) => this.diagnosticsChanged(event.uris));
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
      const problems = problemRanges(languages.getDiagnostics(document.uri));
      const isHidden = (line: number) => problems.some(({ start, end }) => start.line <= line && line <= end.line);
      return hints.filter((hint: InlayHint) => !isHidden(hint.position.line));
    },
  };

  dispose(): void {
    this.watching.dispose();
    this.changed.dispose();
  }

  private diagnosticsChanged(uris: readonly Uri[]): void {
    let changed = false;
    for (const uri of uris) {
      const key = uri.toString();
      const ranges = problemRanges(languages.getDiagnostics(uri));
      const lines = ranges.map(({ start, end }) => `${start.line}-${end.line}`).sort().join();
      changed ||= (this.problems.get(key) ?? "") !== lines;
      if (lines) this.problems.set(key, lines);
      else this.problems.delete(key);
    }
    if (changed) this.refresh();
  }

  private refresh(): void {
    const feature = this.client()?.getFeature(InlayHintRequest.method);
    const providers = window.visibleTextEditors.map((editor) => feature?.getProvider(editor.document));
    for (const provider of new Set(providers)) provider?.onDidChangeInlayHints.fire();
  }
}

/** Return where the problems are. One of a whole file may end at any number. */
function problemRanges(diagnostics: readonly Diagnostic[]): Range[] {
  return diagnostics.filter(({ severity }) => severity <= DiagnosticSeverity.Warning).map(({ range }) => range);
}
