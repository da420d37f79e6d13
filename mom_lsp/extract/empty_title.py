"""Titles that would fit any change: "fix", "minor changes", "wip: more", "Update Mapper.java", a bare URL."""

from __future__ import annotations

import re

from mom_lsp.extract.body import is_routine

MAX_LENGTH = 60  # characters; a longer title says something
STEP_WORDS = 4  # at most, of a routine step: "Fix tests", not "Improve errors for missing dependencies"
WIP_WORDS = 3  # at most, after "wip"

_HEDGE = (
    r"minor|small|tiny|quick|some|more|misc|various|a few|few|the|a|final|last|temp|another|little|other|further|again"
    r"|and|of|to|for|in|up"
)
_STEP = (
    r"fix(?:e[sd]|up|ing)?|hot-?fix|wip|updated?|updates|chang(?:es?|ed)|clean(?:-| )?ups?|cleaning|tweaks?|oops|typos?"
    r"|stuff|te?mp|tests?|testing|commit|save|work|progress|bug-?fix(?:es)?|bugs?|improve(?:ments?|d)?"
    r"|refactor(?:ing|ed|s)?|review|code|coding|polish(?:ing|ed)?|tidy(?:ing)?(?: up)?|simplif(?:y|ied|ication)s?"
    r"|renam(?:e|ed|ing)|reformat(?:ted)?|todo|debug|sync|javadocs?|docs?|documentation|comments?"
    r"|optimi[sz](?:e|ed|ation)s?|adjust(?:ment)?s?|modif(?:y|ied|ication)s?|init|things?|done|nits?|style|lint(?:ing)?"
    r"|format(?:ting)?|corrections?|add|remove|delete|try|x+|merge"
)
_ENGLISH = re.compile(rf"(?:(?:{_HEDGE}|{_STEP})\b[\W_]*)*+$", re.IGNORECASE)
_NUMBER = re.compile(
    r"(?:https?://\S++|[#!]?\d[\d.]*+|[\W_]++|(?:issues?|pr|bug|fix(?:e[sd])?|close[sd]?|ref)\b)*+$", re.IGNORECASE
)
_WIP = re.compile(r"\W*(?:wip|work in progress)\b[\W_]*(?P<rest>.*)", re.IGNORECASE)
_FILE = re.compile(
    r"(?:updated?|creat(?:e|ed)|renamed?|deleted?|edit(?:ed)?|modif(?:y|ied)|fix(?:ed)?|chang(?:e|ed))"
    r" (?:the )?(?:file )?`?[\w./-]*\w\.[a-z][a-z0-9]{0,7}`?\.?(?: file)?$|add(?:ed)? files via upload$",
    re.IGNORECASE,
)
_VERB = (
    r"(?:修改|修正|修复|优化|调整|更新|完善|补充|增加|添加|新增|删除|移除|去掉|整理|规范|统一|清理|格式化?|提交|简化|升级|合并|同步|重构|变更|更改"
    r"|改进|恢复|处理|测试|继续|再次|进行|尝试|暂存|临时|一些|部分|细节|小|简单|下|一下|相关|错误的?|无用的?|多余的?|的|和|与|及|、)"
)
_OBJECT = (
    r"(?:代码|源码|注释|文档|变量名|变量|命名|类名|方法名|包名|名称|格式|拼写|单词|错别字|测试|测试用例|用例|单测|单元测试|测试类|依赖|版本号|版本"
    r"|配置|bug|错误|问题|日志|readme|说明|示例|例子|缩进|导入|引用|import|文件|内容|冲突|警告|细节|javadoc|doc|todo|demo|test|code)"
)
_CHINESE = re.compile(rf"(?:{_VERB}|{_OBJECT}|[\s\W\d])*+$", re.IGNORECASE)
_LETTER = re.compile(r"[^\W\d_]")


def says_nothing(title: str) -> bool:
    """Whether a title would fit any change."""
    title = title.strip()
    if len(title) > MAX_LENGTH and not title.startswith("http"):
        return False
    if wip := _WIP.match(title):
        return len(wip["rest"].split()) <= WIP_WORDS
    is_step = len(title.split()) <= STEP_WORDS and ":" not in title and is_routine(title)
    patterns = (_ENGLISH, _NUMBER, _FILE, _CHINESE)
    return not _LETTER.search(title) or any(pattern.match(title) for pattern in patterns) or is_step
