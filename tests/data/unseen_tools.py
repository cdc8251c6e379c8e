"""Tools that are not built in, as a user might bring them: small services that keep their state in memory."""

from __future__ import annotations

from typing import Annotated, Literal

from tools.registry import tool
from tools.tool import Arguments, Effect, Tool, ToolContext, ToolError, ToolResult

_PARCELS = {"shoes": "out for delivery", "coffee machine": "in the depot in Reading", "lamp": "delivered"}
_RATES = {"dollars": 1.25, "euros": 1.15, "yen": 190.0, "francs": 1.08, "kroner": 13.4}
_DUE = {"Dune": "the 4th of December", "Persuasion": "the 27th of November"}
_WORDS = {("good morning", "Spanish"): "buenos días", ("thank you", "Japanese"): "arigatō"}
_RECIPES = {
    "lentil soup": "lentils, carrots, cumin and stock",
    "pancakes": "flour, milk and two eggs",
    "pad thai": "rice noodles, tamarind, egg and peanuts",
}


def _known(table: dict[str, str], said: str, kind: str) -> tuple[str, str]:
    """The entry that `said` names. Raises ToolError where there is none."""
    for name, value in table.items():
        if name.casefold() in said.casefold():
            return name, value
    raise ToolError(f"I found no {kind} called {said}.")


def _parcels() -> list[Tool]:
    slots: dict[str, str] = {}

    @tool(effect=Effect.READ)
    async def track_parcel(
        context: ToolContext, item: Annotated[str, "What was ordered, or the tracking number."]
    ) -> ToolResult:
        """Say where a parcel is."""
        name, state = _known(_PARCELS, item, "parcel")
        return ToolResult(f"The parcel with the {name} is {state}.", state)

    @tool(effect=Effect.WRITE)
    async def reschedule_delivery(
        context: ToolContext,
        item: Annotated[str, "What was ordered, or the tracking number."],
        day: Annotated[str, "The new day, as said."],
        safe_place: Annotated[str | None, "Where to leave it if nobody is in."] = None,
    ) -> ToolResult:
        """Move the delivery of a parcel to another day."""
        name, _ = _known(_PARCELS, item, "parcel")
        slots[name] = day
        where = f", to be left at {safe_place}" if safe_place else ""
        return ToolResult(f"The {name} will now come on {day}{where}.", day)

    return [track_parcel, reschedule_delivery]


def _shop() -> list[Tool]:
    basket: dict[str, int] = {"olive oil": 1}

    @tool(effect=Effect.WRITE)
    async def basket_add(
        context: ToolContext,
        product: Annotated[str, "The product's name."],
        quantity: Annotated[int | None, "How many; one if left out."] = None,
    ) -> ToolResult:
        """Put a product into the online shop's basket."""
        basket[product] = basket.get(product, 0) + (quantity or 1)
        return ToolResult(f"There are now {basket[product]} {product} in your basket.", basket[product])

    @tool(effect=Effect.READ)
    async def basket_show(context: ToolContext) -> ToolResult:
        """Say what is in the online shop's basket."""
        return ToolResult(f"Your basket holds {', '.join(f'{n} {what}' for what, n in basket.items())}.")

    return [basket_add, basket_show]


def _bank() -> list[Tool]:
    accounts = {"current": 1240.5, "savings": 8000.0}

    @tool(effect=Effect.READ)
    async def account_balance(
        context: ToolContext, account: Annotated[Literal["current", "savings"], "Which account."]
    ) -> ToolResult:
        """Say how much money is in a bank account."""
        return ToolResult(f"Your {account} account holds {accounts[account]:.2f} pounds.", accounts[account])

    def ask(context: ToolContext, arguments: Arguments) -> str:
        return f"Send {arguments['amount']} pounds to {arguments['payee']}?"

    @tool(effect=Effect.CONFIRM, question=ask)
    async def send_payment(
        context: ToolContext,
        payee: Annotated[str, "Who gets the money."],
        amount: Annotated[float, "Pounds."],
        reference: Annotated[str | None, "What it is for."] = None,
    ) -> ToolResult:
        """Pay somebody from the current account."""
        if amount > accounts["current"]:
            raise ToolError("There is not enough money in your current account.")
        accounts["current"] -= amount
        return ToolResult(f"{payee} gets {amount:g} pounds.", amount)

    return [account_balance, send_payment]


def _library() -> list[Tool]:
    due = dict(_DUE)

    @tool(effect=Effect.READ)
    async def library_loans(context: ToolContext) -> ToolResult:
        """Say which library books are on loan and when they are due."""
        return ToolResult(f"You have {' and '.join(f'{book}, due on {day}' for book, day in due.items())}.")

    @tool(effect=Effect.WRITE)
    async def renew_loan(
        context: ToolContext, book: Annotated[str, "The title of the borrowed book."]
    ) -> ToolResult:
        """Keep a library book for three more weeks."""
        name, _ = _known(due, book, "book on loan")
        due[name] = "three weeks from today"
        return ToolResult(f"{name} is renewed for three weeks.", name)

    return [library_loans, renew_loan]


def _trains() -> list[Tool]:
    @tool(effect=Effect.READ)
    async def next_trains(
        context: ToolContext,
        destination: Annotated[str, "The station to go to."],
        after: Annotated[str | None, "Earliest time of departure, as said."] = None,
    ) -> ToolResult:
        """Say when the next trains leave."""
        when = f" after {after}" if after else ""
        return ToolResult(f"Trains to {destination}{when} leave every half hour from platform two.")

    def ask(context: ToolContext, arguments: Arguments) -> str:
        return f"Buy a ticket to {arguments['destination']} for {arguments['day']}?"

    @tool(effect=Effect.CONFIRM, question=ask)
    async def buy_train_ticket(
        context: ToolContext,
        destination: Annotated[str, "The station to go to."],
        day: Annotated[str, "The day of travel, as said."],
        travel_class: Annotated[Literal["first", "second"] | None, "Second if left out."] = None,
    ) -> ToolResult:
        """Buy a train ticket."""
        return ToolResult(f"You have a {travel_class or 'second'} class ticket to {destination} for {day}.")

    return [next_trains, buy_train_ticket]


def _work() -> list[Tool]:
    issues: list[str] = []

    @tool(effect=Effect.WRITE)
    async def open_issue(
        context: ToolContext,
        title: Annotated[str, "What is wrong, in a few words."],
        priority: Annotated[Literal["low", "medium", "high"] | None, "How urgent it is."] = None,
        assignee: Annotated[str | None, "Who should look at it."] = None,
    ) -> ToolResult:
        """File an issue in the team's issue tracker."""
        issues.append(title)
        return ToolResult(f"Issue {len(issues) + 40}, {title}, is filed.", len(issues) + 40)

    @tool(effect=Effect.WRITE)
    async def close_issue(context: ToolContext, number: Annotated[int, "The issue's number."]) -> ToolResult:
        """Mark an issue of the issue tracker as done."""
        return ToolResult(f"Issue {number} is closed.", number)

    return [open_issue, close_issue]


def _house() -> list[Tool]:
    @tool(effect=Effect.WRITE)
    async def start_vacuum(
        context: ToolContext,
        area: Annotated[str | None, "Which room; everywhere if left out."] = None,
        power: Annotated[Literal["quiet", "normal", "turbo"] | None, "How hard it sucks."] = None,
    ) -> ToolResult:
        """Send the robot vacuum off to clean."""
        return ToolResult(f"The robot is cleaning {area or 'everywhere'}{f' on {power}' if power else ''}.")

    @tool(effect=Effect.WRITE)
    async def dock_vacuum(context: ToolContext) -> ToolResult:
        """Send the robot vacuum back to its charger."""
        return ToolResult("The robot is going back to its charger.")

    return [start_vacuum, dock_vacuum]


def _life() -> list[Tool]:
    @tool(effect=Effect.READ)
    async def find_recipe(context: ToolContext, dish: Annotated[str, "The dish to cook."]) -> ToolResult:
        """Say what a dish is made of."""
        name, ingredients = _known(_RECIPES, dish, "recipe")
        return ToolResult(f"For {name} you need {ingredients}.", ingredients)

    @tool(effect=Effect.WRITE)
    async def log_workout(
        context: ToolContext,
        activity: Annotated[str, "What was done."],
        duration: Annotated[str, "How long, as said."],
    ) -> ToolResult:
        """Write a workout into the fitness log."""
        return ToolResult(f"{duration} of {activity} are in your log.")

    @tool(effect=Effect.READ)
    async def convert_currency(
        context: ToolContext,
        amount: Annotated[float, "How much, in pounds."],
        currency: Annotated[str, "The currency to convert into."],
    ) -> ToolResult:
        """Convert pounds into another currency."""
        rate = _RATES.get(currency.casefold())
        if rate is None:
            raise ToolError(f"I have no rate for {currency}.")
        return ToolResult(f"{amount:g} pounds are {amount * rate:g} {currency}.", amount * rate)

    @tool(effect=Effect.CONFIRM, question=lambda context, given: f"Park for {given['duration']}?")
    async def pay_for_parking(
        context: ToolContext,
        zone: Annotated[str, "The zone on the sign."],
        duration: Annotated[str, "How long, as said."],
    ) -> ToolResult:
        """Pay for parking."""
        return ToolResult(f"Your car may stay in zone {zone} for {duration}.")

    @tool(effect=Effect.READ)
    async def translate_phrase(
        context: ToolContext,
        phrase: Annotated[str, "The words to translate."],
        language: Annotated[str, "The language to translate into."],
    ) -> ToolResult:
        """Translate a phrase."""
        for (known, into), words in _WORDS.items():
            if (known, into.casefold()) == (phrase.casefold(), language.casefold()):
                return ToolResult(f"{phrase} in {language} is {words}.", words)
        raise ToolError(f"I do not know {phrase} in {language}.")

    return [find_recipe, log_workout, convert_currency, pay_for_parking, translate_phrase]


def unseen_tools() -> list[Tool]:
    """All of them, each service in its first state."""
    return [
        *_parcels(),
        *_shop(),
        *_bank(),
        *_library(),
        *_trains(),
        *_work(),
        *_house(),
        *_life(),
    ]
