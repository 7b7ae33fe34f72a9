"""A page and its buttons as discord.py takes them. Views are sent finished, so that none of them is remembered."""

import io
from dataclasses import dataclass

import discord

from adapters.chat.base import Form
from adapters.chat.discord.buttons import MENU_ID, OPTION, Panel, Pressable
from adapters.chat.discord.escape import cut
from adapters.chat.discord.markup import File, Page

FIELD = "text"
"""The id of a form's only field."""

LONGEST_TEXT = 4000
HEADING = 45
"""Limits of forms: characters offered for change, and of a heading."""


@dataclass(frozen=True, slots=True)
class Dressed:
    """A message as it is handed to discord.py."""

    content: str | None
    embed: discord.Embed
    files: list[discord.File]
    view: discord.ui.View
    mentions: discord.AllowedMentions


def dressed(page: Page, panel: Panel, role: str | None = None) -> Dressed:
    """The page with its buttons; mentions nobody but that one role. Needs a running loop."""
    embed = discord.Embed(title=page.title, description=page.description or None, colour=page.colour)
    if page.footer:
        embed.set_footer(text=page.footer)
    shown = next((file for file in page.files if file.shown), None)
    if shown is not None:
        embed.set_image(url=f"attachment://{shown.name}")
    roles: list[discord.abc.Snowflake] = [discord.Object(int(role))] if role is not None else []
    return Dressed(
        content=page.content,
        embed=embed,
        files=[_file(file) for file in page.files],
        view=_view(panel),
        mentions=discord.AllowedMentions(everyone=False, users=False, roles=roles, replied_user=False),
    )


def formed(custom_id: str, form: Form) -> discord.ui.Modal:
    """A form of one text, filled in already."""
    modal = discord.ui.Modal(title=cut(form.head, HEADING), custom_id=custom_id)
    modal.add_item(
        discord.ui.TextInput(
            label=cut(form.head, HEADING),
            custom_id=FIELD,
            style=discord.TextStyle.paragraph,
            default=form.text[:LONGEST_TEXT],
            max_length=LONGEST_TEXT,
        )
    )
    modal.stop()
    return modal


def _file(file: File) -> discord.File:
    return discord.File(io.BytesIO(file.content), filename=file.name, description=file.alt or None)


def _view(panel: Panel) -> discord.ui.View:
    view = discord.ui.View(timeout=None)
    for row, pressables in enumerate(panel.rows):
        for each in pressables:
            view.add_item(discord.ui.Button(label=each.label, custom_id=each.travels, row=row))
    for row, options in enumerate(panel.menus):
        view.add_item(
            discord.ui.Select(custom_id=f"{MENU_ID}{row}", options=[_option(each) for each in options], row=row)
        )
    view.stop()
    return view


def _option(of: Pressable) -> discord.SelectOption:
    return discord.SelectOption(label=cut(of.label, OPTION), value=of.travels)
