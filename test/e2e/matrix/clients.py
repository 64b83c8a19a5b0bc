"""The Python SDKs of OpenAI and Anthropic against a gateway, asked for the same things as the clients under clients/.

Usage: clients.py URL        the API key comes in SLUICE_KEY, the jobs on standard input, as a JSON array of
                             {"client": …, "check": …, "model": …, "question": …}

Prints a JSON array, in the same order: {"value": …} or {"error": {"type": …, "status": …, "text": …}}.
"""

import asyncio
import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor

import anthropic
import openai
import pydantic

URL = sys.argv[1]
KEY = os.environ["SLUICE_KEY"]
MAX_TOKENS = 512
RESULT = "sunny, 23 °C"
TOOL = {"name": "get_weather", "description": "Weather of a city."}
SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
    "required": ["city", "days"],
    "additionalProperties": False,
}


class Weather(pydantic.BaseModel):
    city: str
    days: int


openai_client = openai.OpenAI(base_url=f"{URL}/v1", api_key=KEY, max_retries=0)
anthropic_client = anthropic.Anthropic(base_url=URL, api_key=KEY, max_retries=0)


def user(question):
    return {"role": "user", "content": question}


def streamed(pieces):
    texts = [piece for piece in pieces if piece]
    return {"text": "".join(texts), "pieces": len(texts)}


def text_of(message):
    return "".join(block.text for block in message.content if block.type == "text")


def chat_plain(model, question):
    return openai_client.chat.completions.create(model=model, messages=[user(question)]).choices[0].message.content


def chat_stream(model, question):
    with openai_client.chat.completions.stream(model=model, messages=[user(question)]) as stream:
        result = streamed([event.delta for event in stream if event.type == "content.delta"])
        assert stream.get_final_completion().choices[0].message.content == result["text"]
        return result


def chat_async_stream(model, question):
    async def ask():
        async with openai.AsyncOpenAI(base_url=f"{URL}/v1", api_key=KEY, max_retries=0) as client:
            chunks = await client.chat.completions.create(model=model, messages=[user(question)], stream=True)
            return streamed([choice.delta.content async for chunk in chunks for choice in chunk.choices])

    return asyncio.run(ask())


def chat_tools(model, question):
    tools = [{"type": "function", "function": {**TOOL, "parameters": SCHEMA}}]
    ask = openai_client.chat.completions
    message = ask.create(model=model, messages=[user(question)], tools=tools).choices[0].message
    call = message.tool_calls[0]
    result = {"role": "tool", "tool_call_id": call.id, "content": RESULT}
    second = ask.create(model=model, messages=[user(question), message, result], tools=tools)
    return {"input": json.loads(call.function.arguments), "text": second.choices[0].message.content}


def chat_structured(model, question):
    ask = openai_client.chat.completions
    answer = ask.parse(model=model, messages=[user(question)], response_format=Weather)
    return answer.choices[0].message.parsed.model_dump()


def chat_embed(model, question):
    answer = openai_client.embeddings.create(model=model, input=["one", question])
    return [item.embedding for item in answer.data]


def responses_plain(model, question):
    return openai_client.responses.create(model=model, input=question).output_text


def responses_stream(model, question):
    with openai_client.responses.stream(model=model, input=question) as stream:
        result = streamed([event.delta for event in stream if event.type == "response.output_text.delta"])
        assert stream.get_final_response().output_text == result["text"]
        return result


def responses_tools(model, question):
    tools = [{"type": "function", **TOOL, "parameters": SCHEMA, "strict": True}]
    first = openai_client.responses.create(model=model, input=[user(question)], tools=tools)
    call = next(item for item in first.output if item.type == "function_call")
    result = {"type": "function_call_output", "call_id": call.call_id, "output": RESULT}
    given = [user(question), *first.output, result]
    second = openai_client.responses.create(model=model, input=given, tools=tools)
    return {"input": json.loads(call.arguments), "text": second.output_text}


def responses_structured(model, question):
    return openai_client.responses.parse(model=model, input=question, text_format=Weather).output_parsed.model_dump()


def messages_plain(model, question):
    return text_of(anthropic_client.messages.create(model=model, max_tokens=MAX_TOKENS, messages=[user(question)]))


def messages_stream(model, question):
    with anthropic_client.messages.stream(model=model, max_tokens=MAX_TOKENS, messages=[user(question)]) as stream:
        result = streamed(list(stream.text_stream))
        assert text_of(stream.get_final_message()) == result["text"]
        return result


def messages_tools(model, question):
    tools = [{**TOOL, "input_schema": SCHEMA}]
    ask = {"model": model, "max_tokens": MAX_TOKENS, "tools": tools}
    first = anthropic_client.messages.create(**ask, messages=[user(question)])
    call = next(block for block in first.content if block.type == "tool_use")
    result = {"role": "user", "content": [{"type": "tool_result", "tool_use_id": call.id, "content": RESULT}]}
    turns = [user(question), {"role": "assistant", "content": first.content}, result]
    second = anthropic_client.messages.create(**ask, messages=turns)
    return {"input": call.input, "text": text_of(second)}


def messages_structured(model, question):
    schema = {"format": {"type": "json_schema", "schema": SCHEMA}}
    ask = {"model": model, "max_tokens": MAX_TOKENS, "output_config": schema}
    return json.loads(text_of(anthropic_client.messages.create(**ask, messages=[user(question)])))


CHECKS = {
    "openai, chat": {
        "plain": chat_plain,
        "stream": chat_stream,
        "async stream": chat_async_stream,
        "tools": chat_tools,
        "structured": chat_structured,
        "embed": chat_embed,
    },
    "openai, responses": {
        "plain": responses_plain,
        "stream": responses_stream,
        "tools": responses_tools,
        "structured": responses_structured,
    },
    "anthropic": {
        "plain": messages_plain,
        "stream": messages_stream,
        "tools": messages_tools,
        "structured": messages_structured,
    },
}


def outcome(job):
    try:
        return {"value": CHECKS[job["client"]][job["check"]](job["model"], job["question"])}
    except Exception as error:  # every SDK has errors of its own: the test judges what was raised
        said = f"{error} {getattr(error, 'body', '')}"
        return {"error": {"type": type(error).__name__, "status": getattr(error, "status_code", None), "text": said}}


# Side by side: a stream that is reset takes Envoy a second.
with ThreadPoolExecutor(max_workers=16) as pool:
    print(json.dumps(list(pool.map(outcome, json.load(sys.stdin)))))
