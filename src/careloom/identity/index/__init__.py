"""The person index: records as systems sent them, the persons that they are of, and every decision that says so.

What others use of it:

- `seam`: what it is asked (`Arrival`), what it answers (`Resolved`, `Joined`, `Parted`), the `Resolver` that
  translation asks, and the `Telling` by which it appends events and opens cases.
- `index.PersonIndex`: all of it for one node. `resolve` and `merged` for arrivals; `merge`, `split`, `undo`,
  `distinct` and `erase` for stewards; `find`, `show`, `explain`, `question` and `figures` to look; `use` and `models`
  for the model.
- `weighing.Weighing`: the matcher of a `Model`; `comparing.Matcher` is what any other must offer.
- `survivorship.Authority`: which sources may say a field of the golden view.
- `asking.question_field`: the field of the case that is open for a question.
- `errors`: what stewards are told when something cannot be done.

The rest is how it is done: `resolving` collects calls that are made side by side (`collecting`); `arriving` writes
what is new or changed under the locks of its keys, with what `deciding` says; `stewarding` changes who is who, alone;
`persons`, `sealed` and `components` are what they stand on.
"""
