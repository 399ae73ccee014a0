"""A Dockerfile as data: its stages and their instructions, with variables filled in."""

import json
import re
import shlex
from dataclasses import dataclass, field


@dataclass
class Stage:
    """What one `FROM ... AS name` builds.

    Attributes:
        base: image or stage that it starts from.
        name: its name.
        instructions: keyword in capitals and the rest of the line, in order.
    """

    base: str
    name: str
    instructions: list[tuple[str, str]] = field(default_factory=list)

    def all(self, keyword: str) -> list[str]:
        """The arguments of every such instruction."""
        return [argument for found, argument in self.instructions if found == keyword]

    def last(self, keyword: str) -> str:
        """The argument of the one that counts where a later instruction replaces an earlier one."""
        return self.all(keyword)[-1]

    def environment(self) -> dict[str, str]:
        """What its ENV instructions set."""
        pairs = [pair for argument in self.all("ENV") for pair in shlex.split(argument)]
        return dict(pair.split("=", maxsplit=1) for pair in pairs)

    def copied_folders(self) -> list[tuple[str, str]]:
        """Source and target of what it copies out of the build context, not out of another stage."""
        return [tuple(argument.split()) for argument in self.all("COPY") if not argument.startswith("--from")]

    def command(self) -> list[str]:
        """Its CMD, which must be in the exec form: a shell in between would swallow SIGTERM."""
        return json.loads(self.last("CMD"))

    def health_check(self) -> list[str]:
        """The command of its HEALTHCHECK, in the exec form."""
        return json.loads(self.last("HEALTHCHECK").partition("CMD ")[2])


def parse_dockerfile(text: str) -> dict[str, Stage]:
    """Stages by name; a stage that starts from another one holds that one's instructions first."""
    text = re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE)
    stages: dict[str, Stage] = {}
    for line in re.sub(r"\\\n\s*", " ", text).splitlines():
        if not line.strip():
            continue
        keyword, argument = line.split(maxsplit=1)
        if keyword == "FROM":
            base, _, name = argument.split()
            inherited = stages[base].instructions if base in stages else []
            stages[name] = Stage(base, name, list(inherited))
        else:
            list(stages.values())[-1].instructions.append((keyword, argument))
    return stages
