"""Tools that are not built in, for `fresh_unseen.jsonl`: other subjects than those of `unseen_tools`.

The fresh sets tell how well requests are understood that nobody had in view. They are evaluated once training
is finished, and never read while templates are written, tools are described or settings are chosen; who has
read one of their failures counts that set as a development set from then on.
"""

from __future__ import annotations

from typing import Annotated, Literal

from tools.registry import tool
from tools.tool import Effect, Tool, ToolContext, ToolError, ToolResult

Door = Annotated[Literal["front", "back", "garage"], "Which door."]
Team = Annotated[str, "The team's name."]
Project = Annotated[str, "The project's name."]
Service = Annotated[str, "The service's name."]

_RESULTS = {
    "Benfica": "won two nil against Braga",
    "Leinster": "lost by three points to Munster",
    "Harlequins": "drew with Sale",
    "Fiorentina": "won three one against Lecce",
    "Ajax": "lost two one to Utrecht",
}
_FIXTURES = {
    "Benfica": "Sunday against Porto",
    "Leinster": "Saturday against Ulster",
    "Glasgow Warriors": "Friday against Connacht",
    "Ajax": "Saturday against Feyenoord",
}
_STATES = {"billing": "up", "image resizer": "down", "payments": "slow", "checkout": "up"}


def _known(table: dict[str, str], said: str, kind: str) -> str:
    """What the table has under `said`. Raises ToolError where there is nothing."""
    for name, value in table.items():
        if name.casefold() == said.casefold():
            return value
    raise ToolError(f"I know no {kind} called {said}.")


def _doors() -> list[Tool]:
    locked = {"front": False, "back": False, "garage": True}

    @tool(effect=Effect.WRITE)
    async def lock_door(context: ToolContext, door: Door) -> ToolResult:
        """Lock a door of the house."""
        locked[door] = True
        return ToolResult(f"The {door} door is locked.", door)

    @tool(effect=Effect.CONFIRM, question=lambda context, given: f"Unlock the {given['door']} door?")
    async def unlock_door(context: ToolContext, door: Door) -> ToolResult:
        """Unlock a door of the house."""
        locked[door] = False
        return ToolResult(f"The {door} door is unlocked.", door)

    return [lock_door, unlock_door]


def _matches() -> list[Tool]:
    @tool(effect=Effect.READ)
    async def match_result(context: ToolContext, team: Team) -> ToolResult:
        """Say how a team's last match ended."""
        return ToolResult(f"{team} {_known(_RESULTS, team, 'team')}.")

    @tool(effect=Effect.READ)
    async def next_match(context: ToolContext, team: Team) -> ToolResult:
        """Say when and against whom a team plays next."""
        return ToolResult(f"{team} play next on {_known(_FIXTURES, team, 'team')}.")

    return [match_result, next_match]


def _timesheet() -> list[Tool]:
    hours_worked: dict[str, float] = {}

    @tool(effect=Effect.WRITE)
    async def start_tracking(context: ToolContext, project: Project) -> ToolResult:
        """Start the clock for work on a project."""
        hours_worked.setdefault(project, 0)
        return ToolResult(f"The clock for {project} is running.", project)

    @tool(effect=Effect.WRITE)
    async def log_hours(
        context: ToolContext,
        project: Project,
        hours: Annotated[float, "How many hours."],
        day: Annotated[str | None, "Which day, as said; today if left out."] = None,
    ) -> ToolResult:
        """Enter hours that were worked into the timesheet."""
        hours_worked[project] = hours_worked.get(project, 0) + hours
        return ToolResult(f"{hours:g} hours of {project} are in the timesheet for {day or 'today'}.", hours)

    return [start_tracking, log_hours]


def _going_out() -> list[Tool]:
    @tool(
        effect=Effect.CONFIRM,
        question=lambda context, given: f"Book {given['restaurant']} for {given['people']}?",
    )
    async def book_table(
        context: ToolContext,
        restaurant: Annotated[str, "The restaurant's name."],
        people: Annotated[int, "For how many."],
        time: Annotated[str, "Day and time, as said."],
    ) -> ToolResult:
        """Book a table in a restaurant."""
        return ToolResult(f"{restaurant} has a table for {people} on {time}.")

    @tool(effect=Effect.CONFIRM, question=lambda context, given: f"Order a taxi to {given['destination']}?")
    async def order_taxi(
        context: ToolContext,
        destination: Annotated[str, "Where to go."],
        pickup: Annotated[str | None, "When to come, as said; at once if left out."] = None,
        passengers: Annotated[int | None, "How many people; one if left out."] = None,
    ) -> ToolResult:
        """Order a taxi to the house."""
        seats = f" for {passengers}" if passengers else ""
        return ToolResult(f"A taxi{seats} to {destination} comes {pickup or 'in five minutes'}.")

    return [book_table, order_taxi]


def _team() -> list[Tool]:
    @tool(effect=Effect.WRITE)
    async def post_message(
        context: ToolContext,
        channel: Annotated[str, "The channel's name."],
        text: Annotated[str, "What to post, in the user's words."],
    ) -> ToolResult:
        """Post a message in a channel of the team's chat."""
        return ToolResult(f"It is posted in {channel}: {text}")

    @tool(
        effect=Effect.CONFIRM,
        question=lambda context, given: f"Deploy {given['service']} to {given['environment']}?",
    )
    async def deploy_service(
        context: ToolContext,
        service: Service,
        environment: Annotated[Literal["staging", "production"], "Where to."],
    ) -> ToolResult:
        """Deploy the newest build of a service."""
        return ToolResult(f"{service} is on its way to {environment}.")

    @tool(effect=Effect.READ)
    async def service_status(context: ToolContext, service: Service) -> ToolResult:
        """Say whether a service is up."""
        return ToolResult(f"{service} is {_known(_STATES, service, 'service')}.")

    return [post_message, deploy_service, service_status]


def _car() -> list[Tool]:
    @tool(effect=Effect.READ)
    async def car_range(context: ToolContext) -> ToolResult:
        """Say how far the electric car can still drive."""
        return ToolResult("The car can drive 94 more miles.", 94)

    @tool(effect=Effect.WRITE)
    async def charge_car(
        context: ToolContext, percent: Annotated[int, "How full to charge the battery."]
    ) -> ToolResult:
        """Charge the electric car."""
        return ToolResult(f"The car is charging to {percent} percent.", percent)

    return [car_range, charge_car]


def _house() -> list[Tool]:
    @tool(effect=Effect.WRITE)
    async def start_wash(
        context: ToolContext,
        programme: Annotated[Literal["cottons", "delicates", "wool", "quick"], "Which programme."],
        temperature: Annotated[int | None, "Degrees Celsius."] = None,
    ) -> ToolResult:
        """Start the washing machine."""
        heat = f" at {temperature} degrees" if temperature else ""
        return ToolResult(f"The washing machine is on {programme}{heat}.")

    @tool(effect=Effect.WRITE)
    async def print_file(
        context: ToolContext,
        name: Annotated[str, "The file's name or path."],
        copies: Annotated[int | None, "How many; one if left out."] = None,
        sides: Annotated[Literal["one", "both"] | None, "Which sides of the paper."] = None,
    ) -> ToolResult:
        """Print a file."""
        return ToolResult(f"The printer has {copies or 1} of {name}{' on both sides' * (sides == 'both')}.")

    @tool(effect=Effect.WRITE)
    async def log_blood_pressure(
        context: ToolContext,
        upper: Annotated[int, "The first number, systolic."],
        lower: Annotated[int, "The second number, diastolic."],
    ) -> ToolResult:
        """Write a blood pressure reading into the health diary."""
        return ToolResult(f"{upper} over {lower} is in your health diary.")

    return [start_wash, print_file, log_blood_pressure]


def fresh_tools() -> list[Tool]:
    """All of them, each service in its first state."""
    return [*_doors(), *_matches(), *_timesheet(), *_going_out(), *_team(), *_car(), *_house()]
