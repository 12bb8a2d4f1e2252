"""`ospo completion`: what makes a shell complete commands and options of ospo."""

from typing import Any

import click

from ospo.cli.common import common

_PROGRAM = "ospo"
_VARIABLE = "_OSPO_COMPLETE"
"""By this name click finds out that a shell asks
(https://click.palletsprojects.com/en/stable/shell-completion/)."""


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@common
def command(shell: str, **flags: Any) -> None:
    """Print the completion script for SHELL.

    \b
    bash  ospo completion bash > ~/.local/share/bash-completion/completions/ospo
    zsh   ospo completion zsh > "${fpath[1]}/_ospo"
    fish  ospo completion fish > ~/.config/fish/completions/ospo.fish
    """
    del flags  # no setting changes the script
    from click.shell_completion import BashComplete, FishComplete, ShellComplete, ZshComplete

    classes: dict[str, type[ShellComplete]] = {"bash": BashComplete, "zsh": ZshComplete, "fish": FishComplete}
    completer = classes[shell](click.get_current_context().command, {}, _PROGRAM, _VARIABLE)
    # Past Bash's own `source`, which starts a bash to see its version: here it is only printed.
    click.echo(ShellComplete.source(completer))
