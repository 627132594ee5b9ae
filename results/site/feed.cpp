#include "results/site/feed.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "results/xml.h"

namespace bitsweep {
namespace {

constexpr size_t most_entries = 50;
/// For a feed that has told nothing yet: it does not change until it does.
constexpr const char* before_all = "1970-01-01T00:00:00Z";

std::string entry(const ToldRegression& told) {
  const std::string title =
      fmt::format("{}: {} of {}, {}", told.experiment, told.metric, told.run, told.what);
  std::string words = fmt::format("Session {}, since session {}.", told.session, told.since_session);
  for (const std::string& sentence : told.why) words += "\n" + sentence;
  if (!told.ended.empty()) words += "\nOver since " + told.ended;
  return fmt::format(
      "  <entry>\n    <id>urn:uuid:{}</id>\n    <title>{}</title>\n    <updated>{}</updated>\n"
      "    <published>{}</published>\n    <link rel=\"alternate\" href=\"regressions.html#told-{}\"/>\n"
      "    <content type=\"text\">{}</content>\n  </entry>\n",
      told.id, xml_text(title), xml_text(told.ended.empty() ? told.told : told.ended), xml_text(told.told),
      told.id, xml_text(words));
}

}  // namespace

std::string atom_feed(const std::vector<ToldRegression>& told, const std::string& database) {
  std::string entries, updated = before_all;
  const size_t count = std::min(told.size(), most_entries);
  for (size_t i = 0; i < count; ++i) {
    const ToldRegression& one = told[told.size() - 1 - i];
    entries += entry(one);
    updated = std::max({updated, one.told, one.ended});
  }
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\">\n"
      "  <id>urn:uuid:{}</id>\n  <title>bitsweep: regressions</title>\n  <updated>{}</updated>\n"
      "  <author><name>bitsweep</name></author>\n  <link rel=\"self\" href=\"feed.atom\"/>\n"
      "  <link rel=\"alternate\" href=\"regressions.html\"/>\n{}</feed>\n",
      uuid_of("feed " + database), xml_text(updated), entries);
}

}  // namespace bitsweep
