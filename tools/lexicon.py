"""The words by which a tool's name, description and parameters tell what it does to the world."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Change(StrEnum):
    """What a verb of change does; the value is the predicate of a sentence about it."""

    ALTERS = "changes something"
    REACHES = "reaches other people"
    COMMITS = "spends, or commits the user to something"
    DESTROYS = "may not be possible to take back"
    RUNS = "starts or decides something whose end cannot be seen from here"


class Form(StrEnum):
    """How a verb is inflected."""

    BASE = "base"  # delete
    THIRD = "third"  # deletes
    GERUND = "gerund"  # deleting
    PAST = "past"  # deleted


class Inflection(NamedTuple):
    """A verb and the form of it that was met."""

    verb: str
    form: Form


# A closed list on purpose: whatever is not in it is not known to only read.
LOOKUPS = frozenset(
    """browse calculate check compare compute count describe diff discover enumerate estimate explain
    explore fetch find geocode get inspect list lookup preview query read retrieve search see
    show summarise summarize view""".split()
)
# A description says of a look-up that it does these, too. In a name they may do more: "return_item".
TELLS = frozenset("display extract filter format group include paginate parse provide return".split())

# Followed by one of these, a look-up verb no longer looks up: "check out", "get rid of".
NOT_A_LOOKUP: dict[str, frozenset[str]] = {
    "check": frozenset("in out off box checkbox item task todo".split()),
    "get": frozenset("rid off out".split()),
    "list": frozenset("sale".split()),
    "read": frozenset("aloud out".split()),
    "see": frozenset("off out".split()),
    "show": frozenset("notification alert popup dialog toast banner".split()),
}

# "Get" also means obtain. These are had by booking, ordering or making them.
OBTAINED = frozenset(
    """access appointment approval cab car cash coffee credit delivery food hotel insurance
    invite link loan meal money permission pizza reservation ride room seat subscription table
    taxi ticket token uber""".split()
)

# What a look-up gives back. None of them is a verb of change, or a change could pass for a look-up.
INFORMATION = frozenset(
    """address amenity availability balance capability content count current date description
    detail direction distance documentation elevation forecast health history id info
    information location metadata name number option overview price profile quote result
    schema size stat state statistic stats status structure summary temperature time timeline
    timezone tree type usage version weather""".split()
)

# Nouns that are no verbs of change, of which a name without any verb may be made.
THINGS = frozenset(
    """account album alarm all allowed area article artist branch bus calendar category channel
    city config conversation country currency customer daily database device directory
    document domain entity event flight folder graph group hourly hotel inbox inventory item
    job language library location me member memory movie node organization person player
    playlist product profile project property recent repo repository resource restaurant
    room server service session site song space station stock sub system table task team
    thread timer topic traffic train upcoming user value vehicle workspace""".split()
)

_CHANGES: dict[Change, str] = {
    Change.ALTERS: """activate add adjust append archive arrange assign attach bind brew brighten build
        change clone close collect complete configure convert cool copy create cue
        deactivate decrease detach dim disable draft duplicate edit enable enqueue favorite
        favourite fill fix flag generate heat hide import increase initialize insert install
        join label link lock log loop lower make manage map mark migrate modify mount move
        mutate mute note open organize override pair park pause persist pin play prepend put
        queue raise rearrange record refresh register remember remind rename reopen reorder
        repeat replace resize resume rewrite rotate save scale schedule set shuffle skip
        snooze sort stage star start stash stop store swap switch sync tag tidy toggle track
        transform turn unarchive undo unmute unpair unpin unstage unstar update upgrade
        upsert warm write""",
    Change.REACHES: """alert announce answer ask broadcast call chat comment contact deliver dial dispatch
        downvote email escalate export expose fax follow forward greet invite mail message
        notify page phone ping post publish push react reply report repost request reshare
        respond retweet say send share sms speak submit suggest text transmit tweet unfollow
        unpublish unsend unshare upload upvote visit voicemail warn""",
    Change.COMMITS: """acquire apply auction bid bill book borrow buy charge checkin checkout claim debit
        deposit donate enrol enroll exchange fund hail hire invest invoice issue lease lend
        mint obtain opt order pay place pledge purchase rate redeem refund remit renew rent
        reserve review sell settle ship sign spend stake subscribe tip topup trade transact
        transfer vote wire withdraw""",
    Change.DESTROYS: """abort ban block cancel clean clear cut delete destroy discard disconnect downgrade
        drop eject erase evict expire flush kick kill leave merge overwrite patch prune
        purge rebase reboot reinstall remove reset restart restore revert revoke rollback
        shut shutdown squash suspend terminate trash truncate unassign unblock uninstall
        unlink unlock unmount unset unsubscribe void wipe""",
    Change.RUNS: """accept acknowledge approve arm authenticate authorise authorize automate capture
        click commit confirm control decline defer delegate deny deploy disarm dismiss drive
        eval evaluate execute finalize fire fork grant hold impersonate inject invoke launch
        login logout navigate postpone press print process promote provision quit reassign
        redirect reject release rerun resolve retry run scroll spawn steer tap trigger unban
        wake""",
}
CHANGES: dict[str, Change] = {verb: change for change, verbs in _CHANGES.items() for verb in verbs.split()}
"""The kind of change of each verb. A verb listed twice has the graver kind, which comes later."""

# As often no verbs at all: "list orders", "get a pull request", "the open issues", "a start date". They count
# where a verb stands, and only there.
AMBIGUOUS = frozenset(
    """alert answer ask bill bind block book call capture change charge chat claim clean clear
    close comment commit complete contact control cool copy cue cut delegate deposit draft
    drive drop email exchange export favorite favourite fire flag fork fund heat hold import
    increase invoice issue label lease leave link lock log login loop lower mail map mark
    merge message mount move note open order override page pair park patch phone pin place
    play post print process purchase push queue rate record redirect refund release rent
    reply report repost request reset retweet review rewrite run scale schedule set share
    ship sign sms sort spawn stage star start stop store switch tag tap text tip track trade
    transfer trigger tweet update upgrade upload visit voicemail void vote warm wire""".split()
)

# Objects that belong to the user alone: adding or altering one reaches nobody else and can be set back.
PERSONAL = frozenset(
    """alarm album bookmark brightness bulb draft fan favorite favourite heating lamp light music
    note playlist radio reminder song thermostat timer todo volume""".split()
)

# Parameters that a look-up has no use for, by any word of their names.
CARGO: dict[str, Change] = {
    "amount": Change.COMMITS,
    "attachment": Change.REACHES,
    "attendee": Change.REACHES,
    "bcc": Change.REACHES,
    "body": Change.REACHES,
    "card": Change.COMMITS,
    "cc": Change.REACHES,
    "confirm": Change.COMMITS,
    "content": Change.ALTERS,
    "cvv": Change.COMMITS,
    "force": Change.DESTROYS,
    "idempotency": Change.COMMITS,
    "invitee": Change.REACHES,
    "message": Change.REACHES,
    "new": Change.ALTERS,
    "patch": Change.ALTERS,
    "payload": Change.ALTERS,
    "payment": Change.COMMITS,
    "quantity": Change.COMMITS,
    "receiver": Change.REACHES,
    "recipient": Change.REACHES,
}
# With one of these in its name, such a parameter narrows a look-up instead: "max_amount", "message_id".
NARROWS = frozenset(
    """before after count exclude filter has id ids include limit max maximum min minimum return
    show with""".split()
)
# A parameter of exactly this name carries a program: what it does is up to the caller.
PROGRAMS = frozenset("cmd code command expression javascript mutation script shell sql statement".split())
# A parameter of this name chooses what is done; only its listed values can show that all of them read.
SELECTORS = frozenset("action command intent method op operation verb".split())

_VOWELS = "aeiou"
_IRREGULAR = {
    "build": "built", "buy": "bought", "hide": "hidden", "leave": "left", "lend": "lent", "make": "made",
    "pay": "paid", "say": "said", "sell": "sold", "send": "sent", "speak": "spoken", "spend": "spent",
    "withdraw": "withdrawn", "write": "written",
}  # fmt: skip


def _inflected(verb: str) -> dict[str, Form]:
    """The forms of a verb. A doubled consonant is allowed beside the single one: neither is another word."""
    stem = verb[:-1] if verb.endswith("e") and not verb.endswith("ee") else verb
    forms: dict[str, Form] = {stem + "ing": Form.GERUND, stem + "ed": Form.PAST}
    if len(verb) > 2 and verb[-1] not in _VOWELS + "wxy" and verb[-2] in _VOWELS:
        forms |= {verb + verb[-1] + "ing": Form.GERUND, verb + verb[-1] + "ed": Form.PAST}
    if verb.endswith("y") and verb[-2] not in _VOWELS:
        forms |= {verb[:-1] + "ies": Form.THIRD, verb[:-1] + "ied": Form.PAST}
    elif verb.endswith(("s", "x", "z", "ch", "sh", "o")):
        forms[verb + "es"] = Form.THIRD
    else:
        forms[verb + "s"] = Form.THIRD
    forms |= {past: Form.PAST for past in _IRREGULAR.get(verb, "").split()}
    return forms | {verb: Form.BASE}


_FORMS: dict[str, Inflection] = {
    form: Inflection(verb, kind) for verb in CHANGES for form, kind in _inflected(verb).items()
}
_LOOKUP_FORMS: dict[str, Inflection] = {
    form: Inflection(verb, kind) for verb in LOOKUPS | TELLS for form, kind in _inflected(verb).items()
}


def change(word: str) -> Inflection | None:
    """The verb of change that a lower-case word is a form of, or None."""
    return _FORMS.get(word)


def lookup(word: str) -> Inflection | None:
    """The verb of looking up or telling that a lower-case word is a form of, or None."""
    return _LOOKUP_FORMS.get(word)


def is_verb(word: str) -> bool:
    """Whether a lower-case word of a name is a verb that is known, in its base form or another."""
    return word in LOOKUPS or word in _FORMS


def singular(word: str) -> str:
    """A lower-case noun without its plural ending, as far as this lexicon needs it."""
    if word.endswith("ies"):
        return word[:-3] + "y"
    return word[:-1] if word.endswith("s") and not word.endswith("ss") and word not in INFORMATION else word
