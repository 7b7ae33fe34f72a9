"""Sentences of the rule language on the command line, where a rule without a coin means every coin."""

from signals.rules.language import Vocabulary, parse
from signals.rules.model import Draft, Problem


class BadSentence(Exception):
    """A sentence is no rule."""

    def __init__(self, sentence: str, problem: Problem) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.problem = problem


def read(sentence: str, words: Vocabulary) -> Draft:
    """The rule of a sentence. Raises BadSentence."""
    draft = parse(sentence, words)
    if isinstance(draft, Problem):
        for_all = parse(f"* {sentence}", words)
        if isinstance(for_all, Problem):
            raise BadSentence(sentence, draft if _names_a_coin(sentence, words) else for_all)
        draft = for_all
    return draft


def _names_a_coin(sentence: str, words: Vocabulary) -> bool:
    return sentence.replace(",", " ").split()[0].upper() in words.coins if sentence.split() else False
