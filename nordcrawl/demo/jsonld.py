"""JSON-LD: what the demo site's article pages tell machines, in the shapes seen in the wild.

(a) a list of WebSite and article, with ``images``, ``availableLanguage`` and all authors in one
name; (b) one object with ``image`` as a list, ``inLanguage`` as a list and ``keywords`` as one
string; (c) as (b) with ``keywords`` as a list and plain strings for image and language. Knows
nothing of the rest of a page.
"""

from __future__ import annotations

from typing import Any

from nordcrawl.demo.markup import WORDS, View, image_url, script, utc
from nordcrawl.demo.story import Story

_TYPES = {"commentary": "OpinionNewsArticle", "op-ed": "OpinionNewsArticle",
          "live": "LiveBlogPosting"}  # fmt: skip
_CONTEXT = "https://schema.org"


def scripts(story: Story, view: View) -> str:
    """Return the page's JSON-LD script elements, perhaps none."""
    out = []
    if "notes-first" in story.traits:
        out += [script({"@context": _CONTEXT, **note}) for note in live_notes(story, view)]
    if story.jsonld:
        out.append(script(_shape(story, view)))
    return "\n".join(out)


def live_notes(story: Story, view: View) -> list[dict[str, Any]]:
    """Return the live notes of a story, each as a BlogPosting."""
    return [
        {
            "@type": "BlogPosting",
            "headline": part.args[1],
            "datePublished": part.args[0],
            "url": f"{view.hosts.base(story.language)}/notice/{note_id(story, number)}",
        }
        for number, part in enumerate(p for p in story.parts if p.kind == "note")
    ]


def note_id(story: Story, number: int) -> int:
    """Return the id of a story's live note."""
    return (story.cms_id or 0) + 900 + number


def _shape(story: Story, view: View) -> object:
    tag = WORDS[story.language]["lang"]
    pictures = [image_url(view, story.cms_id or 0, 1200)] if story.picture else []
    language = {"@type": "Language", "alternateName": tag}
    node: dict[str, Any] = {
        "@context": _CONTEXT,
        "@type": _TYPES.get(story.kind, "NewsArticle"),
        "headline": _spaced(story.title, story),
        "description": _spaced(story.standfirst, story),
        "url": view.hosts.url(story),
        "datePublished": utc(story.published),
        "publisher": {"@type": "Organization", "name": "High North News"},
    }
    if story.modified:
        node["dateModified"] = utc(story.modified)
    if story.kind == "live":
        node["liveBlogUpdate"] = live_notes(story, view)
    people = [{"@type": "Person", "name": name} for name in story.authors]
    if story.jsonld == "a":
        joined = f" {WORDS[story.language]['and']} ".join(story.authors)
        node |= {"author": [{"@type": "Person", "name": joined}], "images": pictures}
        node["availableLanguage"] = [language]
        site = {"@context": "http://schema.org", "@type": "WebSite", "name": "highnorthnews"}
        return [site | {"url": view.hosts.base(story.language)}, node]
    node["author"] = people
    if story.jsonld == "b":
        size = {"width": 1200, "height": 684}
        node["image"] = [{"@type": "ImageObject", "url": url} | size for url in pictures]
        node |= {"inLanguage": [language], "keywords": ",".join(story.tags)}
        node["isAccessibleForFree"] = True
        return node
    return node | {"image": "".join(pictures), "inLanguage": tag, "keywords": list(story.tags)}


def _spaced(text: str, story: Story) -> str:
    """Return a value as editors' systems leave it: here and there an entity in it."""
    return text.replace(" ", "&nbsp;", 1) if "jsonld-entity" in story.traits else text
