-- What the API says that it charged for a film, beside the credits that the member paid: so that prices can be corrected.
-- NULL where it said nothing.
ALTER TABLE jobs ADD COLUMN cost REAL CHECK (cost >= 0);
ALTER TABLE jobs ADD COLUMN currency TEXT NOT NULL DEFAULT '';

-- Keys of models in the order in which a server's moderators want them offered, with spaces between.
ALTER TABLE servers ADD COLUMN models TEXT NOT NULL DEFAULT '';
