"""How people ask for each tool.

A template is words with `(a|b)` choices, `[optional]` parts, `{parameter:kind}` slots and `*` where the
tool has become clear, for templates whose first slot comes before that (`*1`: the second tool). In a chain, slots name the
request they belong to (`{1.to:name}`), and `links` feed one request's value to a parameter of another.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Phrase:
    """One way to ask. `links` maps (request, parameter) to the request whose value it takes."""

    tools: tuple[str, ...]
    template: str
    links: dict[tuple[int, str], int] = field(default_factory=dict[tuple[int, str], int])


REQUIRED: dict[str, tuple[str, ...]] = {
    "get_phone_number": ("name",), "get_email_address": ("name",), "find_events": (),
    "create_calendar_event": ("title", "start"), "compose_new_email": ("to",), "reply_to_email": ("body",),
    "forward_email": ("to",), "send_sms": ("to", "message"), "create_note": ("name",), "open_note": ("name",),
    "append_note_content": ("name", "content"), "create_reminder": ("title",), "open_and_get_file_path": ("name",),
    "summarize_pdf": ("path",), "maps_open_location": ("place",), "maps_show_directions": ("to",),
    "get_zoom_meeting_link": ("topic",), "search": ("query",), "get_weather": ("place",), "set_timer": ("duration",),
    "list_timers": (), "play_music": ("what",), "set_light": ("room", "state"), "set_thermostat": ("degrees",),
}  # fmt: skip
ORDER: dict[str, tuple[str, ...]] = {
    "get_phone_number": ("name",), "get_email_address": ("name",), "find_events": ("day", "query"),
    "create_calendar_event": ("title", "start", "end", "invitees", "location", "notes"),
    "compose_new_email": ("to", "subject", "body", "attachments"), "reply_to_email": ("body", "to"),
    "forward_email": ("to", "body"), "send_sms": ("to", "message"), "create_note": ("name", "content", "folder"),
    "open_note": ("name",), "append_note_content": ("name", "content"),
    "create_reminder": ("title", "due", "notes", "list"), "open_and_get_file_path": ("name",),
    "summarize_pdf": ("path",), "maps_open_location": ("place",), "maps_show_directions": ("to", "from", "mode"),
    "get_zoom_meeting_link": ("topic", "start", "duration", "invitees"), "search": ("query",),
    "get_weather": ("place", "day"), "set_timer": ("duration", "label"), "list_timers": (), "play_music": ("what",),
    "set_light": ("room", "state"), "set_thermostat": ("degrees",),
}  # fmt: skip
READS = frozenset(
    "get_phone_number get_email_address find_events open_note open_and_get_file_path summarize_pdf "
    "maps_open_location maps_show_directions search get_weather list_timers".split()
)
NOUNS: dict[str, tuple[str, ...]] = {
    "create_calendar_event": ("event", "appointment", "calendar entry"), "compose_new_email": ("email", "mail"),
    "reply_to_email": ("reply",), "forward_email": ("forward",), "send_sms": ("text", "message"),
    "create_note": ("note",), "append_note_content": ("note",), "create_reminder": ("reminder",),
    "get_zoom_meeting_link": ("zoom meeting", "zoom call"), "set_timer": ("timer",), "play_music": ("music",),
    "set_light": ("light", "lights"), "set_thermostat": ("thermostat", "heating"),
}  # fmt: skip

# Said before a request.
OPENERS = (
    "please", "can you", "could you", "can you please", "would you", "hey", "okay", "ok", "I want you to", "I'd like you to",
    "I need you to", "would you mind", "hey can you", "so", "well", "alright", "quickly", "go ahead and", "hi can you",
)  # fmt: skip

_BY_TOOL: dict[str, str] = {
    "get_phone_number": """
(what is|what's) {name:name}'s (phone number|number|cell number|telephone number)*
(what is|what's) the (phone number|number) (of|for) {name:name}
(find|get|look up|give me|tell me|read me) {name:name}'s (phone number|number|mobile number)*
(find|get|look up|give me|tell me) the (phone number|number) (of|for) {name:name}
do (I|we) have a (phone number|number) for {name:name}
do you (know|have) {name:name}'s (phone number|number)*
how can I reach {name:name} (by|over the) phone*
(show|read) me the number (of|for) {name:name}
I need {name:name}'s (phone number|number)*
I need the (phone number|number) (of|for) {name:name}
which number does {name:name} have*
the (phone number|number) (of|for) {name:name}""",
    "get_email_address": """
(what is|what's) {name:name}'s (email|email address|mail address)*
(what is|what's) the (email|email address) (of|for) {name:name}
(find|get|look up|give me|tell me|read me) {name:name}'s (email|email address)*
(find|get|look up|give me|tell me) the (email|email address) (of|for) {name:name}
do (I|we) have an (email|email address) for {name:name}
do you (know|have) {name:name}'s (email|email address)*
(show|read) me the email address (of|for) {name:name}
I need {name:name}'s (email|email address)*
I need the (email|email address) (of|for) {name:name}
which email address does {name:name} (use|have)*
what email do I have for {name:name}
how can I reach {name:name} by email*""",
    "find_events": """
(what's|what is) on my (calendar|schedule|agenda) {day:day}
(what's|what is) on my (calendar|schedule|agenda)
(what do I have|do I have anything|what have I got) (planned|scheduled|going on|) {day:day}
am I (free|busy) {day:day}
(show|read|tell) me my (calendar|schedule|events|appointments) (for|) {day:bareday}
(show|read) me my (calendar|schedule|events|appointments)
when is (my|the) {query:meetings}
(find|look up) (my|the) {query:meetings} (on|in) my calendar
(do I have|have I got) (a|any) {query:meetings} {day:day}
what (meetings|appointments|events) do I have {day:day}
(check|look at) my (calendar|schedule) (for|) {day:bareday}
what does my (day|schedule) look like {day:day}
(what's|what is) (my|the) (schedule|plan) (for|) {day:bareday}
what am I doing {day:day}
is there anything on my calendar {day:day}
when am I (meeting|seeing) {query:name}
what's (happening|planned) {day:day}""",
    "create_calendar_event": """
(put|add) {title:event} (on|to|in|into) my calendar* {start:start}[ at {location:place2}]
(put|add) {title:event} (in|on|to|into) (my|the) (calendar|schedule)* (for|) {start:barestart}
(put|add) {title:event} {start:start}
(schedule|book|plan) {title:aevent} {start:start}[ at {location:place2}]
(schedule|set up|book) {title:aevent} (for|) {start:barestart}[ until {end:time}]
(schedule|set up|book) a {title:headmeeting} (for|) {start:barestart}[ (and invite|with) {invitees:name}]
(create|make|add) (an event|a calendar event|an appointment|a calendar entry) (called|named|for) {title:event} {start:start}
(create|make|add) (an event|a calendar entry) {start:start} (called|named|for) {title:event}
{start:start} (put|add|schedule|I have)* {title:event}
(block|reserve) {start:start} for {title:event}
(enter|note) {title:event} (in|into) my calendar* {start:start}
I have {title:aevent} {start:start}[ until {end:time}] (put|add) (it|that) (to|on|in) my calendar
I'm (having|meeting for) {title:event} {start:start} (put|add) (it|that) (to|on|in) my calendar*
(put|add) {title:event} {start:start} (to|on|in|into) (my|the) calendar
calendar event {title:event} {start:start}
let's (do|have|schedule) {title:event} {start:start}""",
    "compose_new_email": """
(write|send|compose|draft|start) (an email|a new email|a mail) to {to:name} (about|regarding) (the |){subject:thing}
(write|send|compose|draft) (an email|a mail) to {to:name} (saying|that says|saying that) {body:message}
(write|send|compose|draft) (an email|a new email) to {to:name}
email {to:name} (about|regarding) (the |my |){subject:thing}
email {to:name} (that|saying|saying that|and say|and tell them) {body:message}
email {to:name} (about|regarding) (the |){subject:thing} (saying|and say|and write) {body:message}
(send|write|draft) {to:name} an email* (about|regarding) (the |){subject:thing}
(send|write|draft) {to:name} an email* (saying|that says) {body:message}
(write|send|compose) (an email|a mail) to {to:name} with (the |)subject {subject:thing}[ (saying|and body|and text) {body:message}]
(write|send) (an email|a mail) about (the |){subject:thing} to {to:name}
(let|tell) {to:name} (know |)by email* that {body:message}
new email to {to:name}[ (about|subject) {subject:thing}]
draft a mail (for|to) {to:name}[ about (the |){subject:thing}]""",
    "reply_to_email": """
(reply|respond) (to (this|that|the|the last) (email|mail|message) |)(saying|with|that) {body:message}
(reply|respond|write back) (saying|that) {body:message}
(reply|write back|respond) to {to:name} (saying|that|with) {body:message}
(reply|respond) to {to:name}'s (email|mail) (saying|that|with) {body:message}
answer (the|that|this) (email|mail) (with|saying) {body:message}
answer {to:name}'s email* (with|saying|that) {body:message}
write back {body:message}
(send|write) a reply (saying|that says) {body:message}
(send|write) a reply to {to:name} (saying|that says) {body:message}
email back (saying|that) {body:message}
(tell|answer) them by email that {body:message}
reply with {body:message}""",
    "forward_email": """
forward (this|that|the|the last) (email|mail|message) to {to:name}
forward (it|this) to {to:name}
forward (this|that|the) (email|mail) to {to:name} (saying|with the note|and say) {body:message}
(pass|send) (this|that|the) (email|mail) on to {to:name}
(pass|send) (this|that) (email|mail) along to {to:name}
forward to {to:name}[ (saying|and say) {body:message}]
forward {to:name} (this|that|the) (email|mail)
(can {to:name} get|get {to:name}) a copy of (this|that|the) email*
(share|forward) (this|that|the last) email with {to:name}
forward my last email to {to:name}
send (this|that|the last) email to {to:name}
forward the email (over |)to {to:name} (saying|with the text) {body:message}""",
    "send_sms": """
(text|message) {to:name} {message:message}
(text|message) {to:name} (that|saying|saying that|and say|to say) {message:message}
(send|write) (a text|a message|a text message|an sms) to {to:name} (saying|that says|that) {message:message}
(send|write|shoot) {to:name} (a text|a message|a text message|an sms)* (saying|that says|that) {message:message}
tell {to:name} {message:message}
tell {to:name} that {message:message}
let {to:name} know (that |){message:message}
(text|message) {message:quotable} to {to:name}
(send|text) {to:name} {message:message}
say {message:quotable} to {to:name}
ask {to:name} {message:question}
sms {to:name} {message:message}
drop {to:name} a (line|text|message)* (saying|that) {message:message}
inform {to:name} that {message:message}""",
    "create_note": """
(create|make|start|open up) a (new |)note (called|named|titled|about|for) {name:thing}
(create|make|start) a (new |)note (called|named|titled) {name:thing} (saying|with|that says|with the text) {content:message}
(create|make|start) a (new |)note (called|named|titled|about) {name:thing} in (my|the) {folder:folder} folder
(take|write) a note (called|named|titled|about) {name:thing}[ (saying|with) {content:message}]
new note {name:thing}
new note (called|named|titled|about) {name:thing}[ (saying|with) {content:message}]
(create|make) a {name:thing} note*
(create|make) (me |)a note (called|named|for) {name:thing}
start a {name:thing} note* (with|and write|saying) {content:content}
(write|save) a note titled {name:thing} with {content:content}
I need a (new |)note (called|for|about) {name:thing}
in (my|the) {folder:folder} folder (create|make) a note* (called|named) {name:thing}""",
    "open_note": """
open (my|the) {name:thing} note*
open the note (called|named|about|titled) {name:thing}
(read|show) me (my|the) {name:thing} note*
(read|show) me the note (called|named|about) {name:thing}
(read|show) (my|the) note (called|on|about) {name:thing}
what does (my|the) {name:thing} note* say
(what's|what is) in (my|the) {name:thing} note*
(what's|what is) in the note (about|on|called) {name:thing}
(what did I write|what do my notes say) about (the |){name:thing}
(pull up|bring up|find|show) (my|the) {name:thing} note*
(pull up|bring up|find) the note (called|about|on) {name:thing}
read (out |)(my|the) {name:thing} note*""",
    "append_note_content": """
add {content:content} to (my|the) {name:thing} note*
add {content:content} to the note (called|about) {name:thing}
(put|write|append) {content:content} (on|in|to|into) (my|the) {name:thing} note*
(put|write|append) {content:content} (in|to|into) the note (called|about) {name:thing}
in (my|the) {name:thing} note* (write|add|put) {content:content}
to (my|the) {name:thing} note* add {content:content}
update (my|the) {name:thing} note* with {content:content}
append {content:content} to {name:thing}
add to (my|the) {name:thing} note* {content:content}
add to (my|the) {name:thing} note* that {content:message}
write in (my|the) {name:thing} note* that {content:message}
note {content:content} in (my|the) {name:thing} note*""",
    "create_reminder": """
remind me to {title:task}
remind me to {title:task} {due:due}
remind me {due:due} to {title:task}
remind me {due:due} (that I have to|that I need to|I have to) {title:task}
remind me (about|of) (the |my |){title:thing}[ {due:due}]
(set|create|add|make) a reminder to {title:task}[ {due:due}]
(set|create|add) a reminder {due:due} to {title:task}
(set|create|add) a reminder for {due:baredue} to {title:task}
don't let me forget to {title:task}[ {due:due}]
I (need|have) to {title:task} {due:due} remind me*
(put|add) {title:task} (on|to) (my|the) {list:list} (list|reminders)*
I (must|should) not forget to {title:task}[ {due:due}]
reminder to {title:task}[ {due:due}]
make sure I {title:task}[ {due:due}]
help me remember to {title:task}[ {due:due}]""",
    "open_and_get_file_path": """
open the file (called|named) {name:thing}
open (my|the) {name:thing} (file|document|spreadsheet|presentation)*
(find|locate|get) (my|the) {name:thing} (file|document|spreadsheet|pdf)*
(find|locate) the (file|document) (called|named|about) {name:thing}
where is (my|the) {name:thing} (file|document|pdf|spreadsheet)*
where did I (save|put) (my|the) {name:thing} (file|document)*
(show|give) me (my|the) {name:thing} (file|document|pdf)*
(pull up|bring up) (my|the) {name:thing} (file|document|presentation)*
(pull up|bring up) the file {name:thing}
get me the path (of|to) (my|the) {name:thing} (file|document)
I need (my|the) {name:thing} (file|document|pdf)*
open the document {name:thing}""",
    "maps_open_location": """
show me {place:spot} on the map*
(open|show) {place:spot} in maps*
where is {place:spotthe}
(where's|where is) (the nearest|the closest) {place:barespot}
(find|locate) {place:spot} on (the|a) map*
show (me |)where {place:spot} is
open maps (at|for|with) {place:spot}
(pull up|bring up) {place:spot} (on the map|in maps)*
show a map of {place:spot}
(open|show me) the map (of|for) {place:spot}
look up {place:spot} on maps*
map of {place:spot}""",
    "maps_show_directions": """
(show me|give me|get me|get) (directions|the way|a route) to {to:spot}
(show me|give me|get) (directions|the way|a route) from {from:spot} to {to:spot}
(show me|give me|get) (directions|the way) to {to:spot} (by|on) {mode:mode}
(show me|give me|get) (directions|the way) to {to:spot} from {from:spot}[ by {mode:mode}]
how do I get to {to:spot}
how do I get to {to:spot} (by|on) {mode:mode}
how do I get to {to:spot} from {from:spot}[ by {mode:mode}]
how do I get from {from:spot} to {to:spot}[ by {mode:mode}]
(navigate|take me|drive me|guide me) to {to:spot}
how (long|far) is it to {to:spot}[ from {from:spot}][ by {mode:mode}]
how long (does it take|will it take) to get to {to:spot}[ by {mode:mode}]
(what's|what is) the (best|fastest) way to {to:spot}[ from {from:spot}]
directions to {to:spot}[ by {mode:mode}]
I need to get to {to:spot}[ by {mode:mode}]""",
    "get_zoom_meeting_link": """
(create|set up|make|start|schedule) a zoom (meeting|call) (about|on|for) (the |){topic:thing}
(create|set up|make|schedule) a zoom (meeting|call) (about|on|for) (the |){topic:thing} {start:start}
(create|set up|schedule) a zoom (meeting|call) {start:start} (about|on) (the |){topic:thing}
(create|set up) a zoom (meeting|call) (about|on|for) (the |){topic:thing} with {invitees:name}
(create|set up) a {duration:length} zoom (meeting|call)* (about|on) (the |){topic:thing}
(get|give) me a zoom link (about|on|for) (the |){topic:thing}[ {start:start}]
I need a zoom (link|meeting) (for|about) (the |){topic:thing}[ {start:start}]
(get|make) a zoom (meeting |)link for (the |){topic:thing} {start:start}
zoom (meeting|call) about (the |){topic:thing}[ {start:start}]
(schedule|set up) a video call on zoom about (the |){topic:thing}
(create|generate) a zoom link for (the |my |){topic:thing} meeting
set up a zoom (meeting|call) called {topic:thing}[ {start:start}]""",
    "search": """
{query:wh}
{query:wh}
{query:wh}
(search|look) (for|up) {query:about}
(search the web|search online|google) for {query:about}
(what is|what's|who is|tell me about) {query:about}
(find out|look up|tell me) {query:wh}
find (information|something) (about|on) {query:about}
do you know {query:wh}
I (want to|would like to) know {query:wh}
what do you know about {query:about}
google {query:about}
look up {query:about}
can you tell me {query:wh}""",
    "get_weather": """
(what's|what is|how's|how is) the (weather|forecast|weather like) in {place:place}[ {day:day}]
(what's|what is|how's) the (weather|weather like|forecast) {day:day} in {place:place}
(what's|how's) (the |)weather in {place:place} {day:day}
will it (rain|snow|be sunny|be cold|be warm) in {place:place}[ {day:day}]
will it (rain|snow|be sunny) {day:day} in {place:place}
is it (raining|snowing|sunny|cold|warm|windy) in {place:place}
is it going to (rain|snow|be hot|be cold) in {place:place}[ {day:day}]
how (cold|warm|hot|windy) (is it|will it be|is it going to be) in {place:place}[ {day:day}]
(give me|tell me|get me|check) the (weather|forecast) (for|in) {place:place}[ {day:day}]
(what's|what is) the temperature in {place:place}[ {day:day}]
do I need (an umbrella|a jacket|a coat|sunglasses) in {place:place}[ {day:day}]
weather (in|for) {place:place}[ {day:day}]
what will the weather be (like |)in {place:place}[ {day:day}]
how will the weather be {day:day} in {place:place}
should I (take|bring|pack) (an umbrella|a coat) to {place:place}[ {day:day}]""",
    "set_timer": """
(set|start) a timer for {duration:duration}
(set|start) a {duration:length} timer*
(set|start) a timer for {duration:duration} for (the |my |){label:label}
(set|start) a {duration:length} timer* for (the |my |){label:label}
(set|start) a {label:label} timer for* {duration:duration}
(set|start|give me) a {label:label} timer (of|for)* {duration:duration}
timer for {duration:duration}
{duration:length} timer*
time {duration:duration} for (the |my |){label:label}
(wake|tell|alert) me in {duration:duration}
count down {duration:duration}
set the timer to {duration:duration}
(start|set) the {label:label} timer to* {duration:duration}
put {duration:duration} on the timer*
I need a timer (for|of) {duration:duration}""",
    "list_timers": """
(what|which) timers (do I have|are running|are on|are set)*
(show|list|read) (me |)(my|the|all my|all) timers*
how (much|long) (time |)(is left|do I have left) on (my|the) timer*
how long (left |)on (the|my) timer*
do I have (any |)timers* (running|set|)
are (there |)any timers* (running|on|set)
check (my|the) timers*
(what's|what is) left on (the|my) timer*
when (does|will) (the|my) timer* (go off|ring|end)
how are my timers* doing
(is|are) (the|my) (timer|timers) still running*
timer status*""",
    "play_music": """
play {what:music}
(play|put on|start) {what:music}
(play|put on) {what:music} (please|for me|)
I (want to|would like to) (hear|listen to) {what:music}
let me hear {what:music}
(put on|turn on|start playing) {what:music}
(play me|let's hear|let's listen to) {what:music}
I'm in the mood for {what:music}
listen to {what:music}
can we (hear|have) {what:music}
(play|put on) {what:music} in the (background|house)
(play|put on) {what:songby}
music please play* {what:music}""",
    "set_light": """
turn {state:onoff} the {room:room} (light|lights|lamp)
turn the {room:room} (light|lights|lamp)* {state:state}
switch {state:onoff} the {room:room} (light|lights)
switch the {room:room} (light|lights)* {state:state}
(set|make|dim|change) the {room:room} (light|lights)* (to |){state:state}
turn {state:onoff} the (light|lights) in the {room:room}
turn the (light|lights) {state:onoff} in the {room:room}
(set|make|change) the (light|lights) in the {room:room} (to |){state:state}
(light|lights) {state:onoff} in the {room:room}
{room:room} lights* {state:state}
(I want|I'd like) the {room:room} (light|lights)* {state:state}
put the {room:room} (light|lights)* (to |on |){state:colour}
in the {room:room} turn the (light|lights)* {state:onoff}""",
    "set_thermostat": """
set the (thermostat|heating|temperature) to {degrees:degrees}
set the (thermostat|heating|temperature) to {degrees:degrees} degrees
(turn|put) the (thermostat|heating|heat) (up|down|) to {degrees:degrees} (degrees|)
(make it|I want it) {degrees:degrees} degrees* (in here|inside|)
(change|adjust|raise|lower) the (thermostat|temperature|heating) to {degrees:degrees} (degrees|)
(heat|cool) the house to {degrees:degrees} (degrees|)
thermostat (to|at) {degrees:degrees}
set the house to {degrees:degrees} degrees*
put it at {degrees:degrees} degrees*
(warm|cool) it (up|down) to {degrees:degrees} degrees*
I'd like it at {degrees:degrees} degrees*
temperature {degrees:degrees} degrees""",
}
_CHAINS: tuple[tuple[str, str, str], ...] = (
    ("get_phone_number send_sms", "1.message=0", """
(find|get|look up|what's|what is) {0.name:name}'s (number|phone number)* and (text|send|message) it to {1.to:name}
(find|get|look up) the (number|phone number) (of|for) {0.name:name} and (text|send) it to {1.to:name}
(text|send|message) {1.to:name} {0.name:name}'s (phone number|number)*
(send|text) {0.name:name}'s (phone number|number)* to {1.to:name}
(what's|find) {0.name:name}'s number* and (send|text|message) {1.to:name} that"""),
    ("get_email_address send_sms", "1.message=0", """
(find|get|look up|what's) {0.name:name}'s (email|email address)* and (text|send) it to {1.to:name}
(text|send|message) {1.to:name} {0.name:name}'s (email|email address)*
(get|find) the email address of {0.name:name} and (text|send|message) it to {1.to:name}"""),
    ("open_and_get_file_path summarize_pdf", "1.path=0", """
(summarize|sum up) (my|the) {0.name:thing} (pdf|file|document|)
(summarize|sum up) the (pdf|document|file) (called|about|named) {0.name:thing}
give me a summary of (my|the) {0.name:thing} (pdf|file|document)
(what's|what does) (in |)(my|the) {0.name:thing} (pdf|document)* (about|say)
(open|find) (my|the) {0.name:thing} (pdf|document|file)* and (summarize|sum up)*1 it
read me a summary of (my|the) {0.name:thing} (pdf|document)"""),
    ("open_and_get_file_path compose_new_email", "1.attachments=0", """
(email|mail) (my|the) {0.name:thing} (file|document|pdf|spreadsheet)* to {1.to:name}
(find|open|get) (my|the) {0.name:thing} (file|document|pdf)* and (email|mail) it to {1.to:name}
(send|write) an email to {1.to:name} with (my|the) {0.name:thing} (file|document|pdf) attached"""),
    ("get_zoom_meeting_link send_sms", "1.message=0", """
(create|set up|make) a zoom (meeting|call) (about|for|on) (the |){0.topic:thing} and (text|send) (it|the link) to {1.to:name}
(create|set up|get) a zoom (meeting|link) (about|for) (the |){0.topic:thing} and (text|send|message) {1.to:name} the link
(make|schedule) a zoom (call|meeting) {0.start:start} (about|for) (the |){0.topic:thing} and text the link to {1.to:name}"""),
    ("get_zoom_meeting_link compose_new_email", "1.body=0", """
(create|set up|make) a zoom (meeting|call) (about|for) (the |){0.topic:thing} and email (it|the link) to {1.to:name}
(set up|get) a zoom (meeting|link) (about|for) (the |){0.topic:thing} and (email|mail) {1.to:name} the link"""),
    ("get_weather send_sms", "1.message=0", """
(check|get|find|look up) the (weather|forecast) (in|for) {0.place:place}[ {0.day:day}] and (text|send) it to {1.to:name}
(text|send|message) {1.to:name} the (weather|forecast) (in|for) {0.place:place}[ {0.day:day}]"""),
    ("search create_note", "1.content=0", """
(look up|search for|find out about) {0.query:about} and (save|put|write) it in a note (called|named) {1.name:thing}
(look up|search for) {0.query:about} and make a note (called|named) {1.name:thing} with it"""),
    ("open_note send_sms", "1.message=0", """
(open|read|find) (my|the) {0.name:thing} note* and (text|send) it to {1.to:name}
(text|send) (my|the) {0.name:thing} note* to {1.to:name}"""),
    ("find_events send_sms", "1.message=0", """
(text|send|message) {1.to:name} my (schedule|calendar|agenda) (for|) {0.day:bareday}
(check|get) my (schedule|calendar|agenda) (for|) {0.day:bareday} and (text|send) it to {1.to:name}"""),
)  # fmt: skip


def _lines(block: str) -> list[str]:
    return [line for line in block.splitlines() if line]


def _links(text: str) -> dict[tuple[int, str], int]:
    target, source = text.split("=")
    request, parameter = target.split(".")
    return {(int(request), parameter): int(source)}


SINGLE: dict[str, tuple[Phrase, ...]] = {
    tool: tuple(Phrase((tool,), line) for line in _lines(block)) for tool, block in _BY_TOOL.items()
}
CHAINED: tuple[Phrase, ...] = tuple(
    Phrase(tuple(tools.split()), line, _links(link))
    for tools, link, block in _CHAINS
    for line in _lines(block)
)

_CHOICE = re.compile(r"\(([^()]*)\)")
_OPTION = re.compile(r"\[([^\[\]]*)\]")
SLOT = re.compile(r"\{(?:(\d)\.)?(\w+):(\w+)\}")


def expanded(template: str, rng: random.Random) -> str:
    """`template` with its choices made."""
    while (option := _OPTION.search(template)) is not None:
        kept = option.group(1) if rng.random() < 0.5 else ""
        template = template[: option.start()] + kept + template[option.end() :]
    while (choice := _CHOICE.search(template)) is not None:
        made = rng.choice(choice.group(1).split("|"))
        template = template[: choice.start()] + made + template[choice.end() :]
    return " ".join(template.split())
