/** Hovers, shown below those of the language: VS Code puts the provider first whose selector fits better. */

import { Hover, Position, TextDocument, CancellationToken, languages, Disposable } from "vscode";
import { HoverRequest, LanguageClient } from "vscode-languageclient/node";

const ANY = { language: "*" }; // fits worse than the name of a language or the scheme of files

export function provideHovers(client: () => LanguageClient | undefined): Disposable {
  const provideHover = async (
    document: TextDocument,
    position: Position,
    token: CancellationToken,
  ): Promise<Hover | undefined> => {
    const running = client();
    if (document.uri.scheme !== "file" || !running?.isRunning()) return undefined;
    const params = running.code2ProtocolConverter.asTextDocumentPositionParams(document, position);
    return running.protocol2CodeConverter.asHover(await running.sendRequest(HoverRequest.type, params, token));
  };
  return languages.registerHoverProvider(ANY, { provideHover });
}
