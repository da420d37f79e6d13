"""Texts in other languages than English: which language, reason, kind and noise they are recognised to have."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mom_lsp.extract.comments import comment_memories
from mom_lsp.extract.documents import document_memories
from mom_lsp.extract.empty_title import says_nothing
from mom_lsp.extract.informative import informativeness
from mom_lsp.extract.kinds import commit_kind
from mom_lsp.extract.language import CATEGORIES, ENGLISH, Language, may_be_written_in, spoken, tables
from mom_lsp.extract.message import rationale, sentences
from mom_lsp.extract.prompts import telling
from mom_lsp.extract.quote import place_words, quote
from mom_lsp.extract.remarks import written
from mom_lsp.extract.spoken import empty_talk
from mom_lsp.memory import Kind

REASONS = {  # a text, of which the second sentence gives the reason
    "zh": ("重试次数改为三次。", "由于服务器会丢弃第一个请求。"),
    "ja": ("再試行を三回にする。", "サーバーが最初の要求を捨てるため。"),
    "ko": ("재시도를 세 번으로 바꾼다. ", "서버가 첫 요청을 버리기 때문이다."),
    "de": ("Drei Versuche sind nun erlaubt. ", "Das ist nötig, weil der Server den ersten verwirft."),
    "fr": ("Trois essais sont permis. ", "Il le faut, car le serveur perd le premier."),
    "es": ("Ahora se hacen tres intentos. ", "Hace falta porque el servidor pierde el primero."),
    "pt": ("Agora são feitas três tentativas. ", "É preciso porque o servidor perde a primeira."),
    "ru": ("Теперь делается три попытки. ", "Это нужно, так как сервер теряет первую."),
}


@pytest.mark.parametrize("code", REASONS)
def test_a_text_is_recognised_by_its_language_and_its_reason_is_found(code: str) -> None:
    first, reason = REASONS[code]
    text = first + reason
    assert [one.code for one in spoken(text.lower())] == [code]
    assert rationale(text) == reason


@pytest.mark.parametrize(
    "text",
    [
        "Die early if the den is on fire",
        "Retry the request, since the server may drop the first one",
        "Mention Müller in the credits of the parser and the lexer",
    ],
)
def test_english_is_no_other_language(text: str) -> None:
    assert spoken(text.lower()) == ()


def test_a_text_of_two_languages_has_the_words_of_both() -> None:
    text = "Retry three times\n\nThe server drops the first request.\n\n重试三次，因为服务器会丢弃第一个请求。"
    assert rationale(text) == "重试三次，因为服务器会丢弃第一个请求。"
    assert commit_kind("Fix: Fehler bei leerem Feld behoben", "", ()) == "fix"


@pytest.mark.parametrize(
    ("subject", "kind"),
    [
        ("修复分页插件的空指针异常", "bug_pattern"),
        ("修复批量操作未清空缓存的问题", "fix"),
        ("修复注释中的错别字", "note"),
        ("临时规避数据库驱动的问题", "workaround"),
        ("去掉数据库驱动的临时规避方案", "note"),
        ("回滚上次的改动", "failed_approach"),
        ("印刷で落ちる不具合を修正", "fix"),
        ("テストのコメントを修正", "note"),
        ("로그인 오류 수정", "fix"),
        ("Fehler beim Speichern leerer Felder behoben", "fix"),
        ("Tippfehler im Kommentar korrigiert", "note"),
        ("Workaround für den Fehler im Treiber", "workaround"),
        ("Corrige le calcul du taux de la règle", "fix"),
        ("Améliore les performances de la recherche", "optimisation"),
        ("Corregido bug al guardar las facturas", "fix"),
        ("Reverte a mudança do modelo de usuário", "failed_approach"),
        ("Исправлена утечка памяти при чтении файла", "bug_pattern"),
        ("Откат последнего изменения", "failed_approach"),
    ],
)
def test_a_kind_is_recognised_in_its_language(subject: str, kind: Kind) -> None:
    assert commit_kind(subject, "", ()) == kind


@pytest.mark.parametrize("title", ["修正变量名", "コメントの修正", "오타 수정", "kleine Korrekturen", "Мелкие правки"])
def test_a_title_that_fits_any_change_says_nothing(title: str) -> None:
    assert says_nothing(title)


@pytest.mark.parametrize(
    "title", ["修复空指针异常", "印刷で落ちる不具合を修正", "로그인 오류 수정", "Корректный порядок строк"]
)
def test_a_title_that_names_something_is_not_empty(title: str) -> None:
    assert not says_nothing(title)


@pytest.mark.parametrize(
    ("told", "dull"),
    [
        (("避免重复提交订单", "由于网关会重试请求，如果没有幂等检查，同一个订单会被创建两次。"), ("更新文档", "")),
        (("二重送信を防ぐ", "ゲートウェイが再送するため、確認しない場合は注文が二回作られる。"), ("テストを整理", "")),
        (
            ("Не повторять запрос", "Сервер мог уже получить его, поэтому при повторе заказ создаётся дважды."),
            ("Обновил тесты", ""),
        ),
        (
            (
                "Anfrage nicht wiederholen",
                "Der Server kann sie schon haben, sonst wird die Bestellung doppelt angelegt.",
            ),
            ("Doku aktualisiert und die Tests", ""),
        ),
    ],
)
def test_a_reason_tells_more_than_routine_in_other_languages(told: tuple[str, str], dull: tuple[str, str]) -> None:
    assert informativeness(*told) > 0.3 > 0.1 > informativeness(*dull)


def test_chinese_sentences_are_split_and_numbered_lines_are_items() -> None:
    assert sentences("重试三次。服务器会丢弃请求！\n1、增加缓存\n2.删除旧代码") == [
        "重试三次。",
        "服务器会丢弃请求！",
        "1、增加缓存",
        "2.删除旧代码",
    ]


def test_german_abbreviations_end_no_sentence() -> None:
    assert sentences("Das gilt z.B. Rechnungen. Danach nicht.") == ["Das gilt z.B. Rechnungen.", "Danach nicht."]


def test_the_quote_shares_words_with_the_comments_of_the_line() -> None:
    body = "增加一个开关。订单缓存在支付之前失效，所以再查一次数据库。"
    assert quote("x", body, place_words(["# 订单缓存"])).text.startswith("订单缓存")
    body = "Добавлен флаг. Кодировка определяется по заголовку файла."
    assert quote("x", body, place_words(["# проверка заголовков"])).text.startswith("Кодировка")
    assert quote("x", "修复getUserId方法的缓存，避免重复查询。", place_words(["getUserId()"])).overlap > 0


def test_comments_in_other_languages_are_remembered() -> None:
    text = "int a; // 注意：不要修改这个顺序，否则旧客户端会解析失败\nint b; // 普通的计数器变量，没有别的意思\n"
    (memory,) = comment_memories("a.c", "blob", text, sanitize=str)
    assert (memory.kind, memory.source.line) == ("anti_pattern", 1)
    assert may_be_written_in("int a;") == ()


def test_a_text_without_blanks_between_its_words_is_not_too_short() -> None:
    entry = "修复了在高并发情况下连接池泄漏导致服务崩溃的问题"
    assert [one.title for one in document_memories("CHANGES.md", "b", f"# 1.0\n\n- {entry}\n", sanitize=str)] == [entry]
    record = "# 使用文件锁\n\n## 背景\n\n多个进程会同时写入索引，所以需要文件锁。否则索引会损坏，用户必须重新建立它。\n"
    assert [one.kind for one in document_memories("adr/1-lock.md", "b", record, sanitize=str)] == ["decision"]
    assert empty_talk(["这里不要使用全局锁这会让所有请求都排队等待"]) == ""
    assert empty_talk(["好的谢谢"]) == "says nothing"
    note = "Reason: 服务器会封禁频繁重试的客户端"
    assert written(note) == note


def test_a_prompt_without_blanks_between_its_words_is_kept_if_it_is_about_the_change() -> None:
    about, other = "请把重试次数限制为三次", "给登录页面换一个更亮的颜色"
    assert telling([other, about, "继续吧"], "限制客户端的重试次数") == [about]


def test_every_table_is_sound() -> None:
    assert ENGLISH in tables() and len(tables()) == 9
    for code, language in tables().items():
        assert language.name and (code == ENGLISH or language.script or language.common)
        assert all(word == word.lower() and " " not in word for word in language.common)
        for category in CATEGORIES:
            assert language.pattern(category).search("") is None or category == "empty", (code, category)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('name = "X"\nreasons = ["a"]', "xx.toml: unknown reasons"),
        ('name = "X"\nscript = "runes"', "xx.toml: unknown script runes"),
    ],
)
def test_a_wrong_table_is_named(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Language("xx", text)


def test_a_term_that_is_no_regular_expression_is_named() -> None:
    language = Language("xx", 'name = "X"\nreason = ["(a"]')
    with pytest.raises(ValueError, match=r"xx\.toml: reason: "):
        language.pattern("reason")


def test_a_term_is_a_whole_word_or_with_a_star_the_beginning_of_one() -> None:
    language = Language("xx", 'name = "X"\nfix = ["mend*"]\ndull = ["mend"]')
    assert language.says("fix", "it mended") and not language.says("dull", "it mended")
    assert language.says("dull", "to mend it") and not language.says("fix", "amend it")


@given(st.text(max_size=200))
def test_any_text_is_read(text: str) -> None:
    lowered = text.lower()
    assert all(
        language.says(category, lowered) in (True, False) for language in spoken(lowered) for category in CATEGORIES
    )
