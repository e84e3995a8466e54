#include "exchange/generation_script.hpp"

#include <fmt/format.h>

namespace superpose::exchange {
namespace {

constexpr const char* begin = R"(import sys
from pathlib import Path
import torch
from transformers import AutoTokenizer, GPT2LMHeadModel

folder = Path(__file__).resolve().parent
model, tokenizer = GPT2LMHeadModel.from_pretrained(folder).eval(), AutoTokenizer.from_pretrained(folder)
tokens = lambda text: tokenizer(text, return_tensors="pt")
embeddings = lambda text: model.transformer.wte(tokens(text).input_ids)
)";

constexpr const char* thoughts = R"(with torch.no_grad():
    states = embeddings(sys.argv[1])
    for _ in range(int(sys.argv[2])):  # a thought: the last hidden state, after ln_f
        thought = model.transformer(inputs_embeds=states).last_hidden_state[:, -1:]
        states = torch.cat([states, thought], dim=1)
    logits = model(inputs_embeds=torch.cat([states, embeddings("[A]")], dim=1)).logits[0, -1]
print(tokenizer.decode(logits.argmax()))
)";

constexpr const char* latent_tokens = R"(with torch.no_grad():
    latents = [embeddings("<|latent|>")] * int(sys.argv[2])
    states = torch.cat([embeddings(sys.argv[1]), *latents, embeddings("[A]")], dim=1)
    logits = model(inputs_embeds=states).logits[0, -1]
print(tokenizer.decode(logits.argmax()))
)";

constexpr const char* decoding = R"(prompt = tokens(sys.argv[1])
with torch.no_grad():
    written = model.generate(**prompt, do_sample=False, max_new_tokens=64)[0, prompt.input_ids.shape[1]:]
print(tokenizer.decode(written, skip_special_tokens=True))
)";

const char* answer(data::Method method) {
  if (!data::has_stages(method)) return decoding;
  return method == data::Method::pause ? latent_tokens : thoughts;
}

}  // namespace

std::string generation_usage(data::Method method) {
  if (!data::has_stages(method)) return "python think.py PROMPT";
  return fmt::format("python think.py PROMPT {}",
                     method == data::Method::pause ? "LATENT_TOKENS" : "THOUGHTS");
}

std::string generation_script(data::Method method) {
  return fmt::format("\"\"\"Answers a problem: {}\"\"\"\n{}{}", generation_usage(method), begin,
                     answer(method));
}

}  // namespace superpose::exchange
