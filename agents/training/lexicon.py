"""Word lists the training data is made of."""

from __future__ import annotations


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.replace("\n", ";").split(";") if line.strip()]


ONSETS = "b br c ch d dr f fl g gr h j k kr l m n p pr qu r s sh st t th tr v w y z".split()
RIMES = "a ad al an ar el en er i ia in is o ol on or u um us une ett ack ind ey".split()
TITLES = ["Doctor", "Dr", "Mr", "Mrs", "Professor", "Miss"]
KIN = _lines(
    "Mom;mom;Dad;dad;my mom;my dad;my sister;my brother;my boss;my wife;my husband;the landlord;"
    "the babysitter;my neighbor;Uncle Joe;Aunt May;the vet;my manager;the dentist"
)
FIRST = (
    "Aaron Abby Adam Agnes Aisha Alan Albert Alice Alma Amara Amy Ana Andre Anika Anton April Arjun Arthur Astrid "
    "Ben Bella Bianca Bjorn Boris Brandon Bruno Caleb Camila Carl Carmen Cathy Chen Chloe Claire Clive Colin Cora "
    "Cyrus Dagmar Daisy Dana Daniel Daria David Deepak Dennis Diana Diego Dmitri Dora Dylan Edith Edgar Elena Elias "
    "Elise Emil Emma Enzo Erik Esther Ethan Eva Fatima Felix Finn Fiona Frank Freya Gabriel Gemma George Gina Gloria "
    "Gordon Greta Gus Hana Harold Harriet Hassan Hazel Hector Helen Henry Hugo Ian Ibrahim Ida Igor Imani Ines Iris "
    "Isaac Ivan Ivy Jack Jada Jamal Jane Jasmine Jesse Joan Joel Johanna Jonas Jorge Josh Julia Kamal Karen Karl Kate "
    "Keiko Kevin Kofi Kurt Kyle Lana Lars Laura Leah Leo Lena Liam Lila Linda Logan Lola Lorenzo Louis Lucy Luis Luna "
    "Magnus Maja Malik Mara Marcus Margot Maria Martin Matilda Maya Megan Mei Miguel Mila Mina Mohammed Mona Naomi "
    "Nadia Nate Nell Nico Nina Noah Noor Nora Olaf Olga Oliver Omar Oscar Otto Pablo Pam Patrick Penny Pedro Peter "
    "Petra Phil Pia Quentin Rachel Rafael Raj Ravi Rita Robert Rosa Ross Ruby Rupert Ruth Sadie Sam Samir Sandra Sara "
    "Sarah Scott Selma Sergei Shira Sid Simon Sofia Sonja Stan Stella Steve Sunita Sven Tara Ted Tess Theo Tim Tina "
    "Todd Tomas Toni Trevor Uma Umar Vera Victor Viola Wanda Wei Wendy Wilma Xavier Yara Yuki Yvonne Zach Zara Zoe"
).split()
LAST = (
    "Abbott Ahmed Allen Alvarez Andersen Baker Banerjee Barnes Becker Bell Bennett Berg Bishop Bowman Brandt Brooks "
    "Burke Campbell Carter Castillo Chan Chavez Clarke Cohen Cooper Costa Craig Cruz Dalton Dawson Delgado Diaz Dixon "
    "Duran Eriksen Evans Farrell Fischer Fletcher Flores Foster Garcia Gibson Goldman Gomez Grant Gupta Hansen Harper "
    "Hayes Herrera Hoffman Holt Hughes Ibarra Iyer Jacobs Jensen Kapoor Keller Khan Kim Klein Kowalski Lambert Larsen "
    "Lawson Lee Lin Lopez Maddox Marsh Mendez Meyer Mills Moreno Morris Murphy Nakamura Nash Newman Nguyen Nolan "
    "Novak Ortega Osborne Owens Park Parker Patel Perez Petrov Porter Quinn Ramos Reyes Riley Romero Rossi Russo Ryan "
    "Santos Sato Schmidt Shah Sharma Silva Singh Stone Suzuki Tanaka Torres Tran Turner Vargas Vega Wagner Walsh Wang "
    "Weber Wong Wright Yamada Young Zhang Ziegler"
).split()
PLACES = _lines(
    "Paris;London;Berlin;Madrid;Rome;Vienna;Prague;Dublin;Athens;Warsaw;Helsinki;Stockholm;Copenhagen;Brussels;Zurich;"
    "Milan;Naples;Porto;Seville;Valencia;Barcelona;Munich;Hamburg;Cologne;Dresden;Lyon;Nice;Bordeaux;Glasgow;Leeds;"
    "Bristol;Cardiff;Belfast;Cork;New York;Boston;Chicago;Denver;Seattle;Portland;San Francisco;Los Angeles;San Diego;"
    "Austin;Dallas;Houston;Miami;Atlanta;Nashville;Detroit;Phoenix;Las Vegas;Salt Lake City;Toronto;Montreal;Vancouver;"
    "Calgary;Mexico City;Bogota;Lima;Santiago;Buenos Aires;Rio;Sao Paulo;Tokyo;Kyoto;Osaka;Seoul;Beijing;Shanghai;"
    "Hong Kong;Taipei;Bangkok;Hanoi;Singapore;Jakarta;Manila;Delhi;Mumbai;Chennai;Cairo;Nairobi;Lagos;Accra;Cape Town;"
    "Marrakesh;Dubai;Istanbul;Tel Aviv;Sydney;Melbourne;Perth;Auckland;Wellington;Reykjavik;Tallinn;Riga;Vilnius;"
    "Budapest;Bucharest;Sofia;Zagreb;Split;Malta;Norway;Iceland;Scotland;Wales;Tuscany;the Alps;Brooklyn;Queens;Kent"
)
NEAR = ["", "", "nearest", "closest", "nearby", "big", "new"]
SPOTS = _lines(
    "airport;train station;library;post office;pharmacy;supermarket;bakery;gas station;hospital;town hall;museum;"
    "zoo;aquarium;city park;stadium;opera house;university;harbor;ferry terminal;bus station;gym;swimming pool;"
    "hardware store;garden center;bookshop;bank;cinema;theater;coffee shop;pizza place;sushi bar;hotel;campsite;"
    "beach;lighthouse;castle;cathedral;market;mall;car wash;parking garage;vet clinic;kindergarten;high school"
)
NOUNS = _lines(
    "budget;garden;kitchen;bathroom;roof;holiday;birthday;party;wedding;recipe;shopping;groceries;invoice;contract;"
    "lease;insurance;tax;salary;project;launch;release;marketing;sales;design;website;server;database;security;team;"
    "hiring;interview;training;workshop;conference;travel;flight;hotel;passport;visa;car;bike;boat;piano;guitar;choir;"
    "book;reading;movie;podcast;chess;football;tennis;swimming;yoga;running;hiking;camping;fishing;cooking;baking;"
    "coffee;wine;cheese;bread;soup;pasta;salad;dog;cat;hamster;school;homework;exam;thesis;essay;lecture;chemistry;"
    "physics;history;poetry;painting;pottery;photo;camera;laptop;printer;phone;internet;plumbing;heating;solar;attic;"
    "basement;garage;fence;balcony;terrace;mortgage;pension;bank;investment;charity;church;neighborhood;election;"
    "climate;energy;water;weather;medicine;vaccine;dental;eye;knee;therapy;diet;sleep;baby;daycare;toy;puzzle;gift;"
    "furniture;sofa;mattress;lamp;paint;tile;carpet;warehouse;supplier;customer;feedback;survey;quarterly;annual"
)
ADJECTIVES = _lines(
    "new;old;big;small;final;first;second;weekly;monthly;yearly;secret;shared;broken;missing;late;early;red;blue;"
    "green;black;white;yellow;family;company;personal;private;urgent;important;favorite;quick;draft;revised;updated;"
    "Italian;French;Spanish;German;Chinese;Indian;spring;summer;autumn;winter;Christmas;Easter;Monday;morning;night"
)
HEADS = _lines(
    "plan;plans;list;ideas;notes;report;review;summary;proposal;schedule;budget;update;checklist;questions;tips;log;"
    "agenda;draft;guide;rules;results;numbers;costs;photos;slides;files;goals;names;tickets;receipts;delivery;repair"
)
MEETINGS = _lines(
    "lunch;dinner;breakfast;coffee;a call;call;meeting;team meeting;stand up;dentist appointment;doctor's appointment;"
    "haircut;yoga class;piano lesson;gym;a run;drinks;brunch;job interview;project review;budget review;book club;"
    "date night;movie night;game night;parent evening;car service;vet visit;eye exam;physio;choir practice;football;"
    "tennis;a walk;catch up;sync;one on one;planning session;workshop;training;webinar;board meeting;demo;retro;"
    "house viewing;school play;birthday party;barbecue;picnic;driving lesson;guitar lesson;swimming;study group"
)
EVENT_HEADS = [
    "meeting",
    "review",
    "party",
    "appointment",
    "class",
    "workshop",
    "session",
    "call",
    "lesson",
    "dinner",
]
TASKS = [
    (verb.strip(), kind)
    for verb, kind in (
        line.split("|")
        for line in _lines(
            "call|<name>;buy|<item>;pick up|<item>;return|the <nouns>;pay|the <bill> bill;clean|the <room>;"
            "water|the plants;feed|the <pet>;walk|the <pet>;take out|the trash;renew|my <nouns> insurance;"
            "email|<name>;book|a <meetings>;order|<item>;wash|the <nouns>;fix|the <nouns>;print|the <nouns> <heads>;"
            "submit|the <nouns> <heads>;check|the <nouns>;ask|<name> about the <nouns>;thank|<name>;charge|my phone;"
            "take|my medicine;finish|the <nouns> <heads>;pack|the <item>;wish|<name> a happy birthday;"
            "send|<name> the <nouns> <heads>;visit|<name>;close|the windows;lock|the door;turn off|the oven;"
            "stretch|;drink|more water;practice|the <instrument>;read|the <nouns> <heads>;defrost|the <item>"
        )
    )
]
LISTS: dict[str, list[str]] = {
    "first": FIRST, "nouns": NOUNS, "heads": HEADS, "meetings": MEETINGS,
    "item": _lines(
        "milk;eggs;bread;butter;coffee beans;cat food;dog food;batteries;light bulbs;stamps;toothpaste;shampoo;olive oil;"
        "tomatoes;onions;rice;apples;bananas;lemons;flour;sugar;yogurt;cheese;chicken;salmon;tofu;spinach;pasta;tea;honey;"
        "paper towels;trash bags;wrapping paper;flowers;a birthday cake;sunscreen;dish soap;orange juice;wine;potatoes;"
        "two avocados;three cucumbers;a dozen eggs;printer ink;diapers;garlic;mushrooms;a new charger;blueberries;ice"
    ),
    "bill": _lines("electricity;water;phone;internet;credit card;gas;heating;garbage;tax;hospital;cable;rent"),
    "pet": _lines("dog;cat;fish;rabbit;parrot;horse;chickens;hamster;turtle"),
    "room": _lines(
        "kitchen;bedroom;living room;bathroom;office;garage;basement;attic;dining room;hall;porch;garden;nursery;studio;"
        "guest room;kids room;laundry room;balcony;patio;study;den;library;closet;workshop;upstairs hall;terrace"
    ),
    "instrument": _lines("piano;guitar;violin;drums;flute;cello;trumpet;saxophone;banjo"),
    "state": _lines("on;off;on;off;red;blue;green;warm white;purple;50 percent;thirty percent;ten percent;80 percent;full"),
    "music": _lines(
        "some jazz;the Beatles;Bach;some classical music;my workout playlist;Taylor Swift;Fleetwood Mac;lofi beats;"
        "the latest Adele album;Bohemian Rhapsody;country music;some reggae;Mozart;David Bowie;Nina Simone;Daft Punk;"
        "my dinner playlist;Radiohead;rain sounds;the Hamilton soundtrack;Billie Eilish;old school hip hop;techno;"
        "Johnny Cash;some blues;Stevie Wonder;Pink Floyd;heavy metal;Abba;Chopin;Dolly Parton;Imagine by John Lennon;"
        "Thriller;something relaxing;Christmas songs;Spanish guitar;the news;white noise;Beyonce;Coldplay;some soul;"
        "my road trip playlist;Vivaldi;Frank Sinatra;Hotel California;K pop;film scores;Elton John;Prince;sea shanties"
    ),
    "mode": _lines("car;bike;train;bus;foot;public transport;bicycle;subway;taxi;ferry"),
    "wh": _lines(
        "who wrote <work>;who invented the <invention>;when was <person> born;how tall is <sight>;how old is <person>;"
        "where was <person> born;who directed <work>;when did <happening>;how far is the moon;how deep is the ocean;"
        "who won the world cup;what year did <happening>;how many people live in <place>;why is the sky blue;"
        "who discovered <discovery>;which river runs through <place>;where is <sight>;when was <work> published;"
        "who composed <work>;how do <animal> sleep;what do <animal> eat;how fast can <animal> run"
    ),
    "about": _lines(
        "<person>;the history of <place>;<sight>;the <invention>;<animal>;<discovery>;the capital of <country>;<work>;"
        "the population of <place>;the <nouns> industry;quantum physics;the French revolution;the <nouns> of <country>;"
        "black holes;volcanoes;the Roman empire;<happening2>;<person> and <person>;how to fix a <nouns>"
    ),
    "work": _lines(
        "Hamlet;Moby Dick;War and Peace;Dracula;Frankenstein;the Odyssey;Don Quixote;Jaws;Casablanca;Vertigo;Macbeth;"
        "Emma;Beloved;Dune;The Hobbit;Carmen;The Magic Flute;Swan Lake;Jane Eyre;Middlemarch;Ulysses;Faust;Inferno"
    ),
    "person": _lines(
        "Marie Curie;Albert Einstein;Isaac Newton;Ada Lovelace;Alan Turing;Nelson Mandela;Frida Kahlo;Charles Darwin;"
        "Cleopatra;Napoleon;Queen Victoria;Galileo;Nikola Tesla;Rosa Parks;Amelia Earhart;Leonardo da Vinci;Van Gogh;"
        "Jane Austen;Mark Twain;Virginia Woolf;Florence Nightingale;Julius Caesar;Marco Polo;Beethoven;Aretha Franklin"
    ),
    "invention": _lines(
        "telephone;light bulb;steam engine;printing press;radio;airplane;bicycle;microscope;zipper;piano;telescope;"
        "transistor;laser;parachute;thermometer;submarine;typewriter"
    ),
    "sight": _lines(
        "the Eiffel Tower;Mount Everest;Big Ben;the Colosseum;Machu Picchu;the Taj Mahal;Niagara Falls;Stonehenge;"
        "the Great Wall;Mount Fuji;the Grand Canyon;the Golden Gate Bridge;Petra;Kilimanjaro;the Statue of Liberty"
    ),
    "happening": _lines(
        "the Titanic sink;the Berlin wall fall;world war one end;the dinosaurs die out;the cold war start;Rome fall;"
        "man land on the moon;the first world cup happen;the black death begin;the euro start"
    ),
    "happening2": _lines("the moon landing;the gold rush;the Boston tea party;the ice age;the great depression;Woodstock"),
    "discovery": _lines("penicillin;gravity;oxygen;radium;dna;electricity;Neptune;Pluto;x rays;the neutron;helium"),
    "animal": _lines("dolphins;cheetahs;penguins;whales;bats;owls;koalas;octopuses;wolves;bees;elephants;giraffes;sharks"),
    "country": _lines(
        "France;Peru;Kenya;Japan;Mongolia;Chile;Egypt;Canada;Vietnam;Ghana;Bolivia;Finland;Greece;Nepal;Cuba;Australia"
    ),
    "folder": _lines("work;home;personal;travel;school;recipes;family;health;finance;ideas;shopping;projects"),
    "list": _lines("groceries;work;home;chores;errands;family;garden;holiday;school;personal"),
    "label": _lines(
        "pasta;eggs;pizza;tea;laundry;bread;cake;rice;nap;workout;meditation;cookies;chicken;oven;break;homework;steak;"
        "potatoes;parking;plank;soup;dough;face mask;stretching;reading time;brownies"
    ),
}  # fmt: skip
DURATIONS = _lines(
    "an hour;half an hour;one minute;a minute;an hour and a half;two and a half hours;ten and a half minutes;"
    "one hour;90 seconds;forty five minutes;a quarter of an hour;one hour and 20 minutes;25 minutes"
)
HALVES = ["pm", "am", "p.m", "PM", "o'clock"]
WEEKDAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
MESSAGES = _lines(
    "I'm running late;I'm on my way;I'll be there at <time>;I'll be there in <duration>;dinner is at <time>;"
    "the meeting moved to <day>;can you call me back;happy birthday;I got the <nouns>;thanks for the <nouns>;"
    "sorry I missed your call;we need more <item>;please buy <item>;the <nouns> is ready;the <nouns> <heads> is done;"
    "see you on <day>;see you tomorrow;are you free on <day>;the door code is <number>;I'm at the <spots>;"
    "don't forget the <item>;I love you;good luck with the <nouns>;let's meet at <time>;I left the keys at the <spots>;"
    "the flight is delayed;we're having <item> for dinner;bring the <nouns>;call <name> when you can;I'm stuck in traffic;"
    "the kids are asleep;can we move it to <day>;congratulations;I found your <nouns>;the package arrived;no worries;"
    "the train leaves at <time>;I'll take the <pet> to the vet;practice is cancelled;what time is the <meetings>;"
    "please send me the <nouns> <heads>;I finished the <nouns> <heads>;we should talk about the <nouns>;I agree;"
    "the answer is yes;I can't make it on <day>;I can't come;it starts at <time>;do you need <item>;I'm outside;"
    "tell <name> hello;the <nouns> broke again;I'll pick up <item>;pick me up at <time>;the party is on <day>;"
    "we won;everything went well;I need the <nouns> by <day>;the <nouns> costs <number> dollars;lunch is on me;"
    "where are you;how was the <meetings>;I'm home;feed the <pet> please;look at the <adjectives> <nouns>;sounds good"
)
LISTS["spots"] = SPOTS
LISTS["adjectives"] = ADJECTIVES
