"""What is said without a tool: small talk, what cannot be done, and requests that lack something."""

from __future__ import annotations

from agents.training.values import Values

_TALK: tuple[tuple[str, str], ...] = (
    ("hello|hi there|hey|hi|hello there|hi assistant", "Hello.|Hi.|Hello there.|Hi there."),
    ("good morning|good afternoon|good evening", "Hello.|Good to hear you."),
    ("good night|sleep well|bye|goodbye|see you later|talk to you later", "Goodbye.|Bye.|Until later."),
    ("thanks|thank you|thank you so much|thanks that's great|many thanks|thank you very much|perfect thank you",
     "You're welcome.|Any time.|Glad to help."),
    ("how are you|how are you doing|how's it going|how do you feel today", "I'm fine, thank you.|All good here."),
    ("who are you|what are you|what's your name|tell me about yourself", "I'm Headstart, your assistant."),
    ("what can you do|how can you help me|what do you know|help",
     "I can help with calendar, messages, notes, timers and more."),
    ("that's all|nothing else|I'm done|that's it for now|no that's all", "Okay.|All right."),
    ("great job|well done|you're awesome|nice work|that was fast|I like you", "Thank you.|Thanks."),
    ("you're stupid|that was wrong|you got that wrong|that's not what I wanted", "I'm sorry about that."),
    ("tell me a joke|make me laugh|sing me a song|tell me a story|can you rap", "I'm not good at that, sorry."),
    ("I'm bored|I'm tired|I had a long day|I feel sad today|I'm so happy today|it's been a rough week|I'm hungry",
     "I see.|Thanks for telling me.|I hear you."),
    ("are you a robot|are you human|are you real|do you sleep", "I'm a program."),
    ("order me a pizza|order <item> online|buy me <item>|get me <item> from the <spots>|order some food",
     "I can't order things.|Sorry, I can't buy things."),
    ("book a flight to <place>|book me a hotel in <place>|find me a flight to <place>|get me a taxi to the <spots>|call a cab",
     "I can't book travel.|Sorry, I can't book that."),
    ("call <name>|phone <name>|dial <name>|ring <name>", "I can't make calls.|Sorry, I can't call people."),
    ("unlock the <room> door|open the <room> window|start the vacuum|feed the <pet>|close the garage door|start the dishwasher",
     "I can't do that.|Sorry, I can't control that."),
    ("take a picture|take a screenshot|turn up the volume|restart the computer|record a video|turn on bluetooth",
     "I can't do that.|Sorry, I can't do that here."),
    ("pay my <bill> bill|transfer <number> dollars to <name>|send <name> some money|buy some stocks",
     "I can't handle money.|Sorry, I can't make payments."),
    ("never mind|forget it|oh nothing|nothing sorry|it's fine|ignore me|sorry wrong button", "Okay.|All right."),
    ("yes|yeah|sure|okay|no|nope|maybe|exactly|right|mhm|I guess so", "Okay.|All right."),
    ("what do you think about <about>|do you like <music>|what's your favorite <nouns>", "I have no opinion on that."),
    ("um|uh|so|well I was thinking|hmm let me think|what was I going to say", "Yes?|I'm listening."),
    ("I'm meeting <name> later|my <nouns> is broken|<name> is so funny|the <nouns> was great|I love <place>",
     "I see.|Thanks for telling me."),
    ("translate good morning to French|how do you say hello in Spanish|what does that mean in German",
     "I can't translate.|Sorry, I don't translate."),
)  # fmt: skip
_LACKING: tuple[tuple[str, str], ...] = (
    ("send a text|send a message|text someone|I want to send a text|write a message|send a text message|text somebody",
     "Who should I text?|Who is it for?"),
    ("text <name>|send <name> a text|send a message to <name>|I need to text <name>|message <name>",
     "What should it say?|What should I write?"),
    ("send an email|write an email|compose a new email|I need to email someone|I want to write a mail",
     "Who should I write to?|Who is it for?"),
    ("set a timer|start a timer|I need a timer|can we set a timer|start the timer", "For how long?|How long?"),
    ("remind me|set a reminder|create a reminder|I need a reminder|remind me of something|remind me <weekdays>",
     "What should I remind you of?|Remind you of what?"),
    ("what's the weather|how's the weather|what's the forecast|is it raining|what's the weather like|do I need a coat",
     "For which place?|Where?"),
    ("schedule <event>|put <event> on my calendar|book <event>|add <event> to the calendar|plan <event>",
     "When should it be?|For when?"),
    ("create an event|put something on my calendar|schedule something|add an appointment|make an appointment",
     "What is it, and when?"),
    ("create a note|make a note|start a new note|take a note|new note", "What should I call it?"),
    ("open a note|read me a note|show me a note", "Which note?"),
    ("open a file|find a file|find my document|summarize a document|summarize the file", "Which file?"),
    ("give me directions|navigate|how do I get there|show me the way|I need directions", "Where to?"),
    ("what's the phone number|find a number|look up a phone number|I need a number", "Whose number?"),
    ("look up an email address|find an email address|what's the email address", "Whose address?"),
    ("turn the light|change the light|switch the lights|do something about the lights", "Which light, and how?"),
    ("turn on the light|lights on|turn off the lights|switch the light on", "In which room?"),
    ("change the temperature|set the thermostat|adjust the heating|set the temperature", "To how many degrees?"),
    ("play something|play music|put on a song|play some music|I want to hear something", "What should I play?"),
    ("search for something|look something up|google something|I have a question", "What should I look up?"),
    ("forward this email|forward the last email|forward that mail|pass this email on", "Who should get it?"),
    ("reply to the email|reply|answer the email|reply to <name>|write back", "What should I answer?"),
    ("set up a zoom meeting|create a zoom call|I need a zoom link|make a zoom meeting", "What is it about?"),
    ("add something to my <nouns> note|write something in the <nouns> note|add to my <nouns> note", "What should I add?"),
)  # fmt: skip


def small_talk(values: Values) -> tuple[str, str]:
    """Something no tool is for, and what to say to it."""
    return _drawn(_TALK, values)


def lacking(values: Values) -> tuple[str, str]:
    """A request without what its tool needs, and the question to ask."""
    return _drawn(_LACKING, values)


def _drawn(pairs: tuple[tuple[str, str], ...], values: Values) -> tuple[str, str]:
    said, answers = values.rng.choice(pairs)
    said = values.rng.choice(said.split("|")).replace("<weekdays>", values.of("day"))
    return values.filled(said), values.rng.choice(answers.split("|"))
