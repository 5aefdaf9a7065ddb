"""Two users speak to the desk by the official A2A client, in both versions of the protocol. Usage: agents.py URL."""

import asyncio
import sys

import httpx
from a2a.client import A2ACardResolver, ClientConfig, ClientFactory
from a2a.client.errors import AgentCardResolutionError
from a2a.helpers import get_artifact_text, get_message_text, new_data_message, new_text_message
from a2a.types.a2a_pb2 import (
    CancelTaskRequest,
    GetExtendedAgentCardRequest,
    GetTaskRequest,
    ListTasksRequest,
    Role,
    SendMessageConfiguration,
    SendMessageRequest,
    SubscribeToTaskRequest,
    TaskPushNotificationConfig,
    TaskState,
)
from a2a.utils.errors import (
    InvalidParamsError,
    PushNotificationNotSupportedError,
    TaskNotCancelableError,
    TaskNotFoundError,
    UnsupportedOperationError,
)

URL = sys.argv[1]


async def refused(error, call):
    try:
        got = await call
    except error as e:
        return e
    raise AssertionError(f"want {error.__name__}, got {got}")


def http(token):
    return httpx.AsyncClient(headers={"Authorization": f"Bearer {token}"} if token else {}, timeout=30)


class Peer:
    """A user who speaks one version of the protocol to the desk."""

    def __init__(self, version, token):
        self.version, self.http, self.slow = version, http(token), http(token)

    async def meet(self):
        resolver = A2ACardResolver(self.http, URL, "/.well-known/agent-card.json?assistant_id=desk")
        self.card = await resolver.get_agent_card()
        wanted = [i for i in self.card.supported_interfaces if i.protocol_version == self.version]
        assert len(wanted) == 1, self.card
        del self.card.supported_interfaces[:]
        self.card.supported_interfaces.extend(wanted)
        self.streams = ClientFactory(ClientConfig(httpx_client=self.http)).create(self.card)
        self.waits = ClientFactory(ClientConfig(httpx_client=self.slow, streaming=False)).create(self.card)
        return self

    async def send(self, client, message, **configuration):
        request = SendMessageRequest(message=message, configuration=SendMessageConfiguration(**configuration))
        return [event async for event in client.send_message(request)]

    async def task(self, message, **configuration):
        [event] = await self.send(self.waits, message, **configuration)
        return event.task

    async def subscribed(self, task):
        return [event async for event in self.streams.subscribe(SubscribeToTaskRequest(id=task))]

    async def close(self):
        await self.http.aclose()
        await self.slow.aclose()


def says(text, **where):
    return new_text_message(text, role=Role.ROLE_USER, **where)


def states(events):
    return [TaskState.Name((e.task if e.HasField("task") else e.status_update).status.state)[11:] for e in events if not e.HasField("artifact_update")]


async def talk(version):
    alice, bob = await Peer(version, "user1-token").meet(), await Peer(version, "user2-token").meet()
    assert alice.card.name == "desk" and alice.card.description == "Answers at the desk", alice.card
    assert alice.card.capabilities.streaming and not alice.card.capabilities.push_notifications, alice.card
    assert alice.card.security_schemes["bearer"].http_auth_security_scheme.scheme == "bearer", alice.card
    assert alice.card.security_requirements[0].schemes["bearer"] is not None, alice.card
    assert alice.card.skills[0].id and alice.card.default_input_modes, alice.card
    extended = await alice.waits.get_extended_agent_card(GetExtendedAgentCardRequest())
    assert extended.name == "desk", extended

    done = await alice.task(says("hello"))
    assert done.status.state == TaskState.TASK_STATE_COMPLETED, done
    assert [get_artifact_text(a) for a in done.artifacts] == ["You said: hello"], done
    assert [get_message_text(m) for m in done.history] == ["hello", "You said: hello"], done
    assert await alice.waits.get_task(GetTaskRequest(id=done.id)) == done
    short = await alice.waits.get_task(GetTaskRequest(id=done.id, history_length=1))
    assert [get_message_text(m) for m in short.history] == ["You said: hello"], short
    again = await alice.task(says("and again", context_id=done.context_id))
    assert again.context_id == done.context_id and again.id != done.id and len(again.history) == 4, again

    events = await alice.send(alice.streams, says("stream"))
    assert states(events) == ["SUBMITTED", "WORKING", "COMPLETED"], events
    pieces = [e.artifact_update for e in events if e.HasField("artifact_update")]
    assert "".join(get_artifact_text(p.artifact) for p in pieces) == "Good day", pieces
    assert [p.append for p in pieces] == [False] + [True] * (len(pieces) - 1) and pieces[-1].last_chunk, pieces

    asked = await alice.task(says("ask"))
    assert asked.status.state == TaskState.TASK_STATE_INPUT_REQUIRED, asked
    assert get_message_text(asked.status.message) == "Which city?", asked
    answered = await alice.task(says("Rome", task_id=asked.id, context_id=asked.context_id))
    assert answered.id == asked.id and get_artifact_text(answered.artifacts[0]) == "You said: Rome", answered
    form = await alice.task(says("form"))
    events = await alice.send(alice.streams, new_data_message({"to": "Oslo"}, role=Role.ROLE_USER, task_id=form.id))
    assert states(events) == ["SUBMITTED", "WORKING", "COMPLETED"], events
    assert events[0].task.id == form.id, events

    failed = await alice.task(says("fail"))
    assert failed.status.state == TaskState.TASK_STATE_FAILED and get_message_text(failed.status.message) == "the desk is closed", failed

    begun = await alice.task(says("wait"), return_immediately=True)
    assert begun.status.state in (TaskState.TASK_STATE_SUBMITTED, TaskState.TASK_STATE_WORKING), begun
    following = alice.streams.subscribe(SubscribeToTaskRequest(id=begun.id))
    await anext(following)
    while (await alice.waits.get_task(GetTaskRequest(id=begun.id))).status.state != TaskState.TASK_STATE_WORKING:
        await asyncio.sleep(0.01)
    gone = await alice.waits.cancel_task(CancelTaskRequest(id=begun.id))
    assert gone.status.state == TaskState.TASK_STATE_CANCELED, gone
    assert states([event async for event in following])[-1] == "CANCELED"
    await refused(TaskNotCancelableError, alice.waits.cancel_task(CancelTaskRequest(id=begun.id)))
    await refused(UnsupportedOperationError, alice.task(says("more", task_id=done.id)))
    await refused(UnsupportedOperationError, alice.subscribed(done.id))
    config = TaskPushNotificationConfig(task_id=done.id, url="http://localhost/none")
    await refused(PushNotificationNotSupportedError, alice.waits.create_task_push_notification_config(config))

    for call in (
        bob.waits.get_task(GetTaskRequest(id=done.id)),
        bob.waits.cancel_task(CancelTaskRequest(id=asked.id)),
        bob.subscribed(asked.id),
        bob.task(says("mine", task_id=asked.id)),
        bob.waits.get_task(GetTaskRequest(id="00000000-0000-4000-8000-000000000000")),
    ):
        assert str(await refused(TaskNotFoundError, call)) == "Task not found"
    foreign = await refused(InvalidParamsError, bob.task(says("mine", context_id=done.context_id)))
    none = await refused(InvalidParamsError, bob.task(says("mine", context_id="00000000-0000-4000-8000-000000000000")))
    assert str(foreign) == str(none), (foreign, none)

    if version == "1.0":
        mine = await bob.task(says("bob"))
        listed = await bob.waits.list_tasks(ListTasksRequest())
        assert [t.id for t in listed.tasks] == [mine.id] and listed.total_size == 1, listed
        page = await alice.waits.list_tasks(ListTasksRequest(page_size=2, include_artifacts=True))
        assert len(page.tasks) == 2 and page.next_page_token and page.total_size > 2, page
    await alice.close()
    await bob.close()


async def main():
    async with http("") as nobody:
        e = await refused(AgentCardResolutionError, A2ACardResolver(nobody, URL + "/a2a/desk").get_agent_card())
        assert e.status_code == 401, e
    async with http("user1-token") as alice:
        assert (await A2ACardResolver(alice, URL + "/a2a/desk").get_agent_card()).name == "desk"
    for version in ("1.0", "0.3"):
        await talk(version)
    print("ok agents")


asyncio.run(main())
