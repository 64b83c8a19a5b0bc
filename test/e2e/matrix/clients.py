"""The Python SDKs of OpenAI and Anthropic against a gateway, asked for the same things as the clients in clients.ts.

Usage: clients.py URL MODEL QUESTION [text-only]        the API key comes in SLUICE_KEY
       clients.py URL MODEL QUESTION error              what each SDK raises

Prints one JSON line a check: {"client": …, "check": …, "value": …} or {"client": …, "check": …, "error": …}.
"""

import asyncio
import json
import os
import sys

import anthropic
import openai

URL, MODEL, QUESTION = sys.argv[1:4]
MODE = sys.argv[4] if len(sys.argv) > 4 else ""
KEY = os.environ["SLUICE_KEY"]
TOOL = {"name": "get_weather", "description": "Weather of a city."}
SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
    "required": ["city", "days"],
    "additionalProperties": False,
}
USER = {"role": "user", "content": QUESTION}

openai_client = openai.OpenAI(base_url=f"{URL}/v1", api_key=KEY, max_retries=0)
anthropic_client = anthropic.Anthropic(base_url=URL, api_key=KEY, max_retries=0)


def streamed(pieces):
    texts = [piece for piece in pieces if piece]
    return {"text": "".join(texts), "pieces": len(texts)}


def chat_plain():
    return openai_client.chat.completions.create(model=MODEL, messages=[USER]).choices[0].message.content


def chat_stream():
    chunks = openai_client.chat.completions.create(model=MODEL, messages=[USER], stream=True)
    return streamed([choice.delta.content for chunk in chunks for choice in chunk.choices])


def chat_async():
    async def ask():
        async with openai.AsyncOpenAI(base_url=f"{URL}/v1", api_key=KEY, max_retries=0) as client:
            chunks = await client.chat.completions.create(model=MODEL, messages=[USER], stream=True)
            return streamed([choice.delta.content async for chunk in chunks for choice in chunk.choices])

    return asyncio.run(ask())


def chat_tools():
    tools = [{"type": "function", "function": {**TOOL, "parameters": SCHEMA}}]
    message = openai_client.chat.completions.create(model=MODEL, messages=[USER], tools=tools).choices[0].message
    call = message.tool_calls[0]
    result = {"role": "tool", "tool_call_id": call.id, "content": "sunny"}
    second = openai_client.chat.completions.create(model=MODEL, messages=[USER, message, result], tools=tools)
    return {"input": json.loads(call.function.arguments), "text": second.choices[0].message.content}


def responses_plain():
    return openai_client.responses.create(model=MODEL, input=QUESTION, store=False).output_text


def responses_stream():
    with openai_client.responses.stream(model=MODEL, input=QUESTION, store=False) as stream:
        result = streamed([event.delta for event in stream if event.type == "response.output_text.delta"])
        assert stream.get_final_response().output_text == result["text"]
        return result


def responses_tools():
    tools = [{"type": "function", **TOOL, "parameters": SCHEMA, "strict": True}]
    first = openai_client.responses.create(model=MODEL, input=[USER], tools=tools, store=False)
    call = next(item for item in first.output if item.type == "function_call")
    result = {"type": "function_call_output", "call_id": call.call_id, "output": "sunny"}
    given = [USER, *first.output, result]
    second = openai_client.responses.create(model=MODEL, input=given, tools=tools, store=False)
    return {"input": json.loads(call.arguments), "text": second.output_text}


def messages_plain():
    answer = anthropic_client.messages.create(model=MODEL, max_tokens=512, messages=[USER])
    return "".join(block.text for block in answer.content if block.type == "text")


def messages_stream():
    with anthropic_client.messages.stream(model=MODEL, max_tokens=512, messages=[USER]) as stream:
        return streamed(list(stream.text_stream))


def messages_tools():
    tools = [{**TOOL, "input_schema": SCHEMA}]
    first = anthropic_client.messages.create(model=MODEL, max_tokens=512, messages=[USER], tools=tools)
    call = next(block for block in first.content if block.type == "tool_use")
    result = {"role": "user", "content": [{"type": "tool_result", "tool_use_id": call.id, "content": "sunny"}]}
    turns = [USER, {"role": "assistant", "content": first.content}, result]
    second = anthropic_client.messages.create(model=MODEL, max_tokens=512, messages=turns, tools=tools)
    return {"input": call.input, "text": "".join(block.text for block in second.content if block.type == "text")}


CHECKS = {
    "openai: chat": {"plain": chat_plain, "stream": chat_stream, "async stream": chat_async, "tools": chat_tools},
    "openai: responses": {"plain": responses_plain, "stream": responses_stream, "tools": responses_tools},
    "anthropic: messages": {"plain": messages_plain, "stream": messages_stream, "tools": messages_tools},
}

for client, checks in CHECKS.items():
    for check, run in checks.items():
        if MODE == "text-only" and check == "tools":
            continue
        if MODE == "error" and check != "stream":
            continue
        try:
            outcome = {"value": run()}
        except Exception as error:  # every SDK has errors of its own: the test judges what was raised
            outcome = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps({"client": client, "check": check, **outcome}), flush=True)
